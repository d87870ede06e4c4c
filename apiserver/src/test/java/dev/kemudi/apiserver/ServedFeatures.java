package dev.kemudi.apiserver;

import java.util.List;

/**
 * What the document of what is served says beyond kinds, each line with the test that shows it: a
 * line whose test is gone breaks the build.
 */
final class ServedFeatures {
    /**
     * @param test the method of {@code proof}
     */
    record Feature(String area, String what, String remark, Class<?> proof, String test) {}

    /** What Kubernetes serves and this server does not. */
    record Missing(String what, String why) {}

    private ServedFeatures() {}

    static final List<Feature> ALL =
            List.of(
                    new Feature(
                            "Reading",
                            "`limit`, `continue`",
                            "pages of one snapshot; 410 when the store no longer has its revision",
                            HttpSemanticsTest.class,
                            "aListIsPagedOverOneSnapshot"),
                    new Feature(
                            "Reading",
                            "`labelSelector`",
                            "equality and sets",
                            HttpSemanticsTest.class,
                            "aWatchSeesWhatBeginsAndEndsToMatchItsSelector"),
                    new Feature(
                            "Reading",
                            "`fieldSelector`",
                            "`metadata.name`, `metadata.namespace` and the fields in the tables above;"
                                    + " others are refused",
                            HttpSemanticsTest.class,
                            "fieldSelectorsThatAreNotServedAreRefused"),
                    new Feature(
                            "Reading",
                            "`resourceVersion`",
                            "absent: the newest; `0`: what the cache has; N: at least N, 504 when it does"
                                    + " not come",
                            InProcessTest.class,
                            "aListAndTheWatchFromItsRevisionAddUpToTheNextList"),
                    new Feature(
                            "Reading",
                            "`resourceVersionMatch`",
                            "`Exact` while the store retains the revision, `NotOlderThan`",
                            HttpSemanticsTest.class,
                            "aListCanBeOfExactlyOneRevision"),
                    new Feature(
                            "Reading",
                            "`Accept-Encoding: gzip`",
                            "lists over 128 KiB",
                            ProtobufHttpTest.class,
                            "aLargeListIsCompressedForWhoAsksAndASmallOneIsNot"),
                    new Feature(
                            "Reading",
                            "`Accept` with weights",
                            "the heaviest alternative that is served, as the table above has it",
                            ProtobufHttpTest.class,
                            "theHeaviestAlternativeThatIsServedIsChosen"),
                    new Feature(
                            "Watching",
                            "from a revision",
                            "410 when it is before the window",
                            InProcessTest.class,
                            "aWatchFromBeforeTheWindowIsToldToListAgain"),
                    new Feature(
                            "Watching",
                            "`sendInitialEvents`",
                            "the present state, then a bookmark with `k8s.io/initial-events-end`",
                            HttpSemanticsTest.class,
                            "aWatchToldToSendInitialEventsMarksTheirEnd"),
                    new Feature(
                            "Watching",
                            "`allowWatchBookmarks`, `timeoutSeconds`",
                            "a bookmark every 30 s and at the end",
                            HttpSemanticsTest.class,
                            "aWatchToldToSendInitialEventsMarksTheirEnd"),
                    new Feature(
                            "Watching",
                            "in protobuf",
                            "`;stream=watch`, frames with their length in front",
                            ProtobufHttpTest.class,
                            "aWatchIsFramesOfProtobuf"),
                    new Feature(
                            "Watching",
                            "over a WebSocket",
                            "one JSON event a text message",
                            PodStreamsTest.class,
                            "aWatchOverAWebSocketTellsEachEventAsOneMessageAndSaysGoodbye"),
                    new Feature(
                            "Writing",
                            "`dryRun=All`",
                            "everything but the storing",
                            HttpSemanticsTest.class,
                            "aDryRunAnswersAndStoresNothing"),
                    new Feature(
                            "Writing",
                            "`fieldValidation`",
                            "`Strict`, `Warn`, `Ignore`",
                            HttpSemanticsTest.class,
                            "strictValidationRefusesUnknownFieldsAndWarnTellsOfThem"),
                    new Feature(
                            "Writing",
                            "`fieldManager`, `force`",
                            "server-side apply: owners, conflicts, taking over",
                            InProcessTest.class,
                            "applyKeepsOwnersApart"),
                    new Feature(
                            "Writing",
                            "`metadata.resourceVersion`",
                            "409 when it is not the stored one",
                            HttpSemanticsTest.class,
                            "aResourceVersionThatIsNotTheStoredOneIsAConflict"),
                    new Feature(
                            "Writing",
                            "`metadata.generateName`",
                            "a new name is tried when one is taken",
                            HttpSemanticsTest.class,
                            "generateNameMakesANewNameEachTime"),
                    new Feature(
                            "Deleting",
                            "finalizers, `propagationPolicy`, `gracePeriodSeconds`",
                            "as Kubernetes; the owner of a pod's grace is its node",
                            HttpSemanticsTest.class,
                            "aFinalizerHoldsADeletedObjectUntilItIsRemoved"),
                    new Feature(
                            "Deleting",
                            "preconditions",
                            "uid and resourceVersion",
                            HttpSemanticsTest.class,
                            "deletionMindsItsPreconditions"),
                    new Feature(
                            "Deleting",
                            "eviction",
                            "heeds PodDisruptionBudgets",
                            EvictionTest.class,
                            "aSpentBudgetRefusesInKubernetesWords"),
                    new Feature(
                            "Admission",
                            "LimitRange",
                            "defaults, min, max, ratio",
                            LimitsAndQuotasTest.class,
                            "whatIsOutsideTheLimitRangeIsForbidden"),
                    new Feature(
                            "Admission",
                            "ResourceQuota",
                            "compute, storage, `count/…`, scopes",
                            LimitsAndQuotasTest.class,
                            "sixteenCreatorsTogetherNeverExceedAQuota"),
                    new Feature(
                            "Admission",
                            "PriorityClass",
                            "and the two of the system",
                            LimitsAndQuotasTest.class,
                            "aPodGetsThePriorityOfItsClass"),
                    new Feature(
                            "Admission",
                            "webhooks",
                            "validating and mutating, AdmissionReview v1",
                            WebhooksTest.class,
                            "whatAMutatingWebhookChangesIsStoredAndJudged"),
                    new Feature(
                            "Admission",
                            "ValidatingAdmissionPolicy",
                            "Deny, Warn, Audit; types are not checked beforehand",
                            ValidatingPoliciesTest.class,
                            "whoBreaksABoundPolicyIsToldWhichAndWhy"),
                    new Feature(
                            "Admission",
                            "MutatingAdmissionPolicy",
                            "v1beta1",
                            MutatingPoliciesTest.class,
                            "listsAreMergedByTheirKeysAsApplyDoes"),
                    new Feature(
                            "Admission",
                            "conversion webhooks",
                            "ConversionReview v1",
                            ConversionWebhookTest.class,
                            "aListIsConvertedInOneCallAndAWatchAsItGoes"),
                    new Feature(
                            "Pods",
                            "exec, attach, port-forward",
                            "WebSocket v4 and v5, SPDY/3.1, SPDY within a WebSocket; no terminals: `-t`"
                                    + " gives plain streams",
                            PodStreamsTest.class,
                            "attachCopiesBothWaysUntilTheClientEnds"),
                    new Feature(
                            "Who asks",
                            "client certificates and the admin token",
                            "made at the first start, beside the keys",
                            PkiTest.class,
                            "certificatesAreSignedByTheAuthorityAndSayWhatTheyAreFor"),
                    new Feature(
                            "Who asks",
                            "ServiceAccount tokens",
                            "TokenRequest, TokenReview, key set; bound to pods, nodes and secrets",
                            ServiceAccountTokensTest.class,
                            "aTokenIsItsAccountAndMayWhatTheAccountsRolesAllow"),
                    new Feature(
                            "Who asks",
                            "certificate signing requests",
                            "for Kubernetes' own client and kubelet signers; others sign by themselves",
                            SigningRequestsTest.class,
                            "anApprovedRequestBecomesACertificateThatLogsIn"),
                    new Feature(
                            "Who asks",
                            "anonymous requests",
                            "are `system:anonymous`",
                            HttpSemanticsTest.class,
                            "anonymousClientsSeeHealthAndVersionAndNothingElse"),
                    new Feature(
                            "Who asks",
                            "impersonation",
                            "users, groups and ServiceAccounts, by RBAC",
                            RbacTest.class,
                            "whoMayNotImpersonateDoesNot"),
                    new Feature(
                            "Who may",
                            "RBAC",
                            "default roles, aggregation, reviews, no privilege escalation",
                            RbacTest.class,
                            "nobodyGivesAwayWhatTheyDoNotHave"),
                    new Feature(
                            "Who may",
                            "priority and fairness",
                            "FlowSchemas and PriorityLevelConfigurations",
                            FairnessTest.class,
                            "whoFloodsTheServerWithListsDoesNotStarveAnother"),
                    new Feature(
                            "Who may",
                            "audit log",
                            "`audit.k8s.io/v1`, by a policy; never a token nor what is in a Secret",
                            AuditTest.class,
                            "noTokenAndNoContentOfASecretIsEverWritten"),
                    new Feature(
                            "Admission",
                            "mutating and validating webhooks",
                            "match conditions, selectors, failure policies, deadlines, reinvocation",
                            WebhooksTest.class,
                            "whatAMutatingWebhookChangesIsStoredAndJudged"),
                    new Feature(
                            "Admission",
                            "ValidatingAdmissionPolicy",
                            "parameters, variables, `authorizer`; Deny, Warn and Audit",
                            ValidatingPoliciesTest.class,
                            "whoBreaksABoundPolicyIsToldWhichAndWhy"),
                    new Feature(
                            "Admission",
                            "MutatingAdmissionPolicy",
                            "applied configurations and JSON patches",
                            MutatingPoliciesTest.class,
                            "aConfigurationIsAppliedToTheObject"),
                    new Feature(
                            "Custom resources",
                            "several versions",
                            "by name only, or converted by a webhook",
                            ConversionWebhookTest.class,
                            "whatIsWrittenInOneVersionIsReadInTheOther"),
                    new Feature(
                            "Custom resources",
                            "validation rules (CEL)",
                            "with `oldSelf`, Kubernetes' libraries and budgets",
                            ValidationRulesHttpTest.class,
                            "aTransitionRuleComparesWithWhatIsStored"));

    static final List<Missing> MISSING =
            List.of(
                    new Missing(
                            "tables, reviews, scale and errors in protobuf",
                            "they are answered as JSON, which every client takes beside protobuf"),
                    new Missing(
                            "CBOR",
                            "alpha in Kubernetes; clients fall back to JSON or protobuf by themselves"),
                    new Missing(
                            "aggregated API servers (`apiregistration.k8s.io`)",
                            "everything is served by one process"),
                    new Missing(
                            "alpha and beta versions of built-in kinds",
                            "the schemas come from the published model, of which the stable part is served"),
                    new Missing(
                            "`componentstatuses`",
                            "deprecated since Kubernetes 1.19; ask `/readyz`"),
                    new Missing(
                            "`ephemeralcontainers` and `resize` of pods",
                            "a pod is processes of this machine: its containers are what it was made with"),
                    new Missing(
                            "`proxy` of nodes, services and pods", "use port-forward or a Gateway"),
                    new Missing(
                            "terminals",
                            "pods are processes without a terminal; `-t` gives plain streams"));
}
