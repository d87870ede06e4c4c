package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import org.junit.jupiter.api.Test;

class WorkloadKindsTest {
    private static final String TEMPLATE =
            "'template':{'metadata':{'labels':{'app':'web'}},'spec':{%s'containers':[{'name':'a',"
                    + "'image':'nginx:1'}]}}";
    private static final String WEB =
            "{'metadata':{'name':'web'},'spec':{'selector':{'matchLabels':{'app':'web'}}%s,"
                    + TEMPLATE
                    + "}}";

    private final Subject deployments = Subject.of(Resource.DEPLOYMENTS);
    private final Subject replicaSets = Subject.of(Resource.REPLICA_SETS);
    private final Subject jobs = Subject.of(Resource.JOBS);

    private static String web(String spec) {
        return WEB.formatted(spec, "");
    }

    private static String job(String spec) {
        return ("{'metadata':{'name':'pi','uid':'u-1'},'spec':{%s'template':{'spec':{'restartPolicy':'Never',"
                        + "'containers':[{'name':'a','image':'perl:5'}]}}}}")
                .formatted(spec);
    }

    /** The expectation is the spec that {@code kubectl create deployment} leaves behind. */
    @Test
    void theSmallestDeploymentReadsAsKubernetesWouldShowIt() {
        assertThat(deployments.created(web("")).at("/spec"))
                .isEqualTo(
                        Subject.json(
                                        """
                                        {'progressDeadlineSeconds':600,'replicas':1,'revisionHistoryLimit':10,
                                         'selector':{'matchLabels':{'app':'web'}},
                                         'strategy':{'type':'RollingUpdate',
                                                     'rollingUpdate':{'maxSurge':'25%',
                                                     'maxUnavailable':'25%'}},
                                         'template':{'metadata':{'labels':{'app':'web'}},'spec':{
                                           'containers':[{'name':'a','image':'nginx:1',
                                           'imagePullPolicy':'IfNotPresent',
                                             'resources':{},'terminationMessagePath':'/dev/termination-log',
                                             'terminationMessagePolicy':'File'}],
                                           'dnsPolicy':'ClusterFirst','restartPolicy':'Always',
                                           'schedulerName':'default-scheduler','securityContext':{},
                                           'terminationGracePeriodSeconds':30}}}
                                        """)
                                .tree());
    }

    @Test
    void aRecreatedDeploymentHasNoRollingUpdate() {
        assertThat(deployments.created(web(",'strategy':{'type':'Recreate'}")).at("/spec/strategy"))
                .isEqualTo(Subject.json("{'type':'Recreate'}").tree());
    }

    @Test
    void deploymentsShowWhatIsReadyOfWhatIsWanted() {
        ApiObject web =
                deployments
                        .created(
                                "{'metadata':{'name':'web','creationTimestamp':'2026-01-01T11:59:18Z'},"
                                        + web(",'replicas':3")
                                                .substring("{'metadata':{'name':'web'},".length()))
                        .edit(o ->
                                o.withObject("/status")
                                        .put("readyReplicas", 2)
                                        .put("updatedReplicas", 3));

        assertThat(deployments.header(1))
                .containsExactly(
                        "NAME",
                        "READY",
                        "UP-TO-DATE",
                        "AVAILABLE",
                        "AGE",
                        "CONTAINERS",
                        "IMAGES",
                        "SELECTOR");
        assertThat(deployments.wideRow(web))
                .containsExactly("web", "2/3", 3, 0, "42s", "a", "nginx:1", "app=web");
    }

    @Test
    void aSelectorMustFindTheTemplatesPodsAndNeverChanges() {
        assertThat(
                        deployments.wrong(
                                "{'spec':{'selector':{'matchLabels':{'app':'other'}},"
                                        + TEMPLATE.formatted("")
                                        + "}}"))
                .containsExactly(
                        "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does"
                                + " not match template `labels`");
        assertThat(deployments.wrong("{'spec':{" + TEMPLATE.formatted("") + "}}"))
                .containsExactly("spec.selector: Required value");

        ApiObject old = deployments.created(web(""));
        ApiObject changed =
                old.edit(o -> {
                    o.withObject("/spec/selector/matchLabels").put("tier", "x");
                    o.withObject("/spec/template/metadata/labels").put("tier", "x");
                });
        assertThat(deployments.wrongChange(old, changed))
                .containsExactly(
                        "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"web\",\"tier\":\"x\"}}:"
                                + " field is immutable");
    }

    @Test
    void expressionsOfASelectorAreHonoured() {
        String spec =
                "{'spec':{'selector':{'matchExpressions':[%s]}," + TEMPLATE.formatted("") + "}}";
        assertThat(
                        replicaSets.wrong(
                                spec.formatted(
                                        "{'key':'app','operator':'In','values':['web','b']}")))
                .isEmpty();
        assertThat(
                        replicaSets.wrong(
                                spec.formatted(
                                        "{'key':'app','operator':'NotIn','values':['web']}")))
                .hasSize(1);
        assertThat(replicaSets.wrong(spec.formatted("{'key':'app','operator':'Exists'}")))
                .isEmpty();
        assertThat(replicaSets.wrong(spec.formatted("{'key':'app','operator':'DoesNotExist'}")))
                .hasSize(1);
        assertThat(replicaSets.wrong(spec.formatted("{'key':'app','operator':'In'}")))
                .contains(
                        "spec.selector.matchExpressions[0].values: Required value: must be specified when"
                                + " `operator` is 'In' or 'NotIn'");
    }

    @Test
    void podsOfADeploymentAlwaysRestart() {
        assertThat(deployments.wrong(WEB.formatted("", "'restartPolicy':'Never',")))
                .containsExactly(
                        "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values:"
                                + " \"Always\"");
    }

    @Test
    void aRolloutThatCanNeitherAddNorRemoveIsRefused() {
        String rolling = ",'strategy':{'rollingUpdate':{'maxSurge':%s,'maxUnavailable':%s}}";
        assertThat(deployments.wrong(web(rolling.formatted("0", "'0%'"))))
                .containsExactly(
                        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": may not be 0"
                                + " when `maxSurge` is 0");
        assertThat(deployments.wrong(web(rolling.formatted("1", "'120%'"))))
                .containsExactly(
                        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"120%\": must not be"
                                + " greater than 100%");
        assertThat(deployments.wrong(web(",'replicas':-1")))
                .containsExactly(
                        "spec.replicas: Invalid value: -1: must be greater than or equal to 0");
    }

    @Test
    void replicaSetsCountWantedPresentAndReady() {
        ApiObject set =
                replicaSets
                        .created(web(",'replicas':2"))
                        .edit(o ->
                                o.withObject("/status").put("replicas", 2).put("readyReplicas", 1));
        assertThat(replicaSets.header(0))
                .containsExactly("NAME", "DESIRED", "CURRENT", "READY", "AGE");
        assertThat(replicaSets.row(set)).containsExactly("web", 2, 2, 1, "<unknown>");
        assertThat(replicaSets.kind().strategy().selectableFields(set))
                .containsEntry("status.replicas", "2");
    }

    /** The expectation is {@code kubectl get job -o yaml} of Kubernetes 1.27 and later. */
    @Test
    void aJobsSelectorAndLabelsComeFromItsUid() {
        ApiObject pi = jobs.created(job(""));
        String labels =
                "{'batch.kubernetes.io/controller-uid':'u-1','batch.kubernetes.io/job-name':'pi',"
                        + "'controller-uid':'u-1','job-name':'pi'}";

        assertThat(pi.at("/spec/selector"))
                .isEqualTo(
                        Subject.json("{'matchLabels':{'batch.kubernetes.io/controller-uid':'u-1'}}")
                                .tree());
        assertThat(pi.at("/spec/template/metadata/labels")).isEqualTo(Subject.json(labels).tree());
        assertThat(pi.at("/metadata/labels")).isEqualTo(Subject.json(labels).tree());
        assertThat(pi.integer("/spec/completions", -1)).isEqualTo(1);
        assertThat(pi.integer("/spec/parallelism", -1)).isEqualTo(1);
        assertThat(pi.integer("/spec/backoffLimit", -1)).isEqualTo(6);
        assertThat(pi.text("/spec/completionMode")).isEqualTo("NonIndexed");
        assertThat(pi.text("/spec/podReplacementPolicy")).isEqualTo("TerminatingOrFailed");
        assertThat(pi.at("/spec/suspend").asBoolean(true)).isFalse();
        assertThat(jobs.wrong(job(""))).isEmpty();
    }

    @Test
    void aJobWithoutUidIsAMistakeOfTheServer() {
        assertThatThrownBy(() -> jobs.created("{'metadata':{'name':'pi'},'spec':{}}"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("metadata.uid");
    }

    @Test
    void aWorkQueueJobHasNoCompletions() {
        assertThat(jobs.created(job("'parallelism':3,")).at("/spec/completions").isMissingNode())
                .isTrue();
    }

    @Test
    void aJobsPodsMustBeAbleToEnd() {
        assertThat(
                        jobs.wrong(
                                "{'metadata':{'name':'pi','uid':'u'},'spec':{'template':{'spec':{"
                                        + "'containers':[{'name':'a','image':'b'}]}}}}"))
                .containsExactly(
                        "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\","
                                + " \"Never\"");
    }

    @Test
    void aJobsTemplateNeverChangesOnceItRuns() {
        ApiObject old = jobs.created(job(""));
        ApiObject changed =
                old.edit(o -> o.withObject("/spec/template/spec/containers/0").put("image", "c:1"));
        ApiObject wider = old.edit(o -> o.withObject("/spec").put("parallelism", 2));

        assertThat(jobs.wrongChange(old, changed))
                .singleElement()
                .asString()
                .startsWith("spec.template: Invalid value: ")
                .endsWith(": field is immutable");
        assertThat(jobs.wrongChange(old, wider)).isEmpty();
    }

    @Test
    void jobsShowHowFarTheyAreAndForHowLong() {
        ApiObject running =
                jobs.created(job("'completions':3,"))
                        .edit(o ->
                                o.withObject("/status")
                                        .put("succeeded", 1)
                                        .put("startTime", "2026-01-01T11:59:30Z"));
        ApiObject done =
                running.edit(o -> {
                    o.withObject("/status")
                            .put("succeeded", 3)
                            .put("completionTime", "2026-01-01T11:59:42Z");
                    o.withObject("/status")
                            .putArray("conditions")
                            .addObject()
                            .put("type", "Complete")
                            .put("status", "True");
                });

        assertThat(jobs.header(0))
                .containsExactly("NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE");
        assertThat(jobs.row(running)).containsExactly("pi", "Running", "1/3", "30s", "<unknown>");
        assertThat(jobs.row(done)).containsExactly("pi", "Complete", "3/3", "12s", "<unknown>");
    }

    @Test
    void aReplicationControllerTakesSelectorAndLabelsFromItsTemplate() {
        Subject controllers = Subject.of(Resource.REPLICATION_CONTROLLERS);
        String template =
                "'template':{'metadata':{'labels':{'a':'b'}},"
                        + "'spec':{'containers':[{'name':'c','image':'i'}]}}";
        ApiObject controller =
                controllers.created("{'metadata':{'name':'r'},'spec':{" + template + "}}");
        assertThat(controller.textMap("/spec/selector")).containsEntry("a", "b");
        assertThat(controller.labels()).containsEntry("a", "b");
        assertThat(controllers.wideRow(controller))
                .containsExactly("r", 1, 0, 0, "<unknown>", "c", "i", "a=b");
        assertThat(
                        controllers.wrong(
                                "{'metadata':{'name':'r'},'spec':{'selector':{'x':'y'},"
                                        + template
                                        + "}}"))
                .containsExactly(
                        "spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does"
                                + " not match template `labels`");
        assertThat(controllers.wrong("{'metadata':{'name':'r'},'spec':{}}"))
                .contains("spec.selector: Required value", "spec.template: Required value");
    }

    @Test
    void aPodTemplateIsAPodsDescription() {
        Subject templates = Subject.of(Resource.POD_TEMPLATES);
        ApiObject template =
                templates.created(
                        "{'metadata':{'name':'t'},'template':{'metadata':{'labels':{'a':'b'}},"
                                + "'spec':{'containers':[{'name':'c','image':'i'}]}}}");
        assertThat(templates.row(template)).containsExactly("t", "c", "i", "a=b");
        assertThat(template.text("/template/spec/restartPolicy")).isEqualTo("Always");
        assertThat(templates.wrong("{'metadata':{'name':'t'},'template':{'spec':{}}}"))
                .containsExactly("template.spec.containers: Required value");
    }

    @Test
    void aRuntimeClassKeepsItsHandler() {
        Subject classes = Subject.of(Resource.RUNTIME_CLASSES);
        ApiObject runc = classes.created("{'metadata':{'name':'r'},'handler':'runc'}");
        assertThat(classes.row(runc)).containsExactly("r", "runc", "<unknown>");
        assertThat(classes.wrongChange(runc, runc.edit(o -> o.put("handler", "kata"))))
                .containsExactly("handler: Invalid value: \"kata\": field is immutable");
        assertThat(classes.wrong("{'metadata':{'name':'r'},'overhead':{'podFixed':{'cpu':'-1'}}}"))
                .containsExactly(
                        "handler: Required value",
                        "overhead.podFixed[cpu]: Invalid value: \"-1\": must be greater than or equal to"
                                + " 0");
    }
}
