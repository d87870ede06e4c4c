package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Jobs: pods that run to completion. Unless {@code manualSelector} is set, selector and labels come
 * from the job's uid, so that no other job's pods can ever match; the server must set {@code
 * metadata.uid} before {@link #prepareForCreate}.
 */
final class JobStrategy implements Strategy {
    private static final List<String> COUNTS =
            List.of(
                    "completions",
                    "parallelism",
                    "backoffLimit",
                    "activeDeadlineSeconds",
                    "ttlSecondsAfterFinished");
    private static final String UID = "batch.kubernetes.io/controller-uid";
    private static final String UID_OLD = "controller-uid";
    private static final String NAME = "batch.kubernetes.io/job-name";
    private static final String NAME_OLD = "job-name";

    @Override
    public void applyDefaults(ObjectNode job) {
        ObjectNode spec = Fill.object(job, "spec");
        if (Fill.absent(spec, "completions") && Fill.absent(spec, "parallelism")) {
            spec.put("completions", 1);
        }
        Fill.number(spec, "parallelism", 1);
        // With a limit per index, the limit over all would only get in the way.
        Fill.number(
                spec,
                "backoffLimit",
                Fill.absent(spec, "backoffLimitPerIndex") ? 6 : Integer.MAX_VALUE);
        Fill.text(spec, "completionMode", "NonIndexed");
        Fill.bool(spec, "suspend", false);
        Fill.bool(spec, "manualSelector", false);
        Fill.text(
                spec,
                "podReplacementPolicy",
                Fill.absent(spec, "podFailurePolicy") ? "TerminatingOrFailed" : "Failed");
        PodDefaults.ofTemplate(spec);
    }

    @Override
    public void prepareForCreate(ObjectNode job) {
        ObjectNode spec = Fill.object(job, "spec");
        if (!spec.path("manualSelector").asBoolean()) {
            generateSelector(job, spec);
        }
        job.putObject("status");
    }

    private static void generateSelector(ObjectNode job, ObjectNode spec) {
        ObjectNode metadata = Fill.object(job, "metadata");
        String name = metadata.path("name").asText();
        String uid = metadata.path("uid").asText("");
        if (uid.isEmpty()) {
            throw new IllegalStateException(
                    "expected metadata.uid of job " + name + " to be set before it is prepared");
        }
        ObjectNode template = Fill.object(Fill.object(spec, "template"), "metadata");
        ObjectNode labels = Fill.object(template, "labels");
        Fill.text(labels, NAME, name);
        Fill.text(labels, NAME_OLD, name);
        Fill.text(labels, UID, uid);
        Fill.text(labels, UID_OLD, uid);
        Fill.text(Fill.object(Fill.object(spec, "selector"), "matchLabels"), UID, uid);
        if (metadata.path("labels").isEmpty()) {
            metadata.set("labels", labels.deepCopy());
        }
    }

    @Override
    public List<Status.Cause> validate(ApiObject job, Optional<ApiObject> old) {
        Problems problems = new Problems();
        for (String count : COUNTS) {
            WorkloadRules.notNegative(job, count, problems);
        }
        PodRules.oneOf(
                job.at("/spec"),
                "completionMode",
                Set.of("NonIndexed", "Indexed"),
                "spec",
                problems);
        PodRules.oneOf(
                job.at("/spec"),
                "podReplacementPolicy",
                Set.of("TerminatingOrFailed", "Failed"),
                "spec",
                problems);
        if (indexed(job) && !job.at("/spec/completions").isNumber()) {
            problems.required("spec.completions", "when completion mode is Indexed");
        }
        WorkloadRules.template(job, problems);
        String policy = job.text("/spec/template/spec/restartPolicy");
        if (!policy.equals("OnFailure") && !policy.equals("Never")) {
            problems.required(
                    "spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\"");
        }
        selector(job, problems);
        old.ifPresent(before -> unchanged(job, before, problems));
        return problems.causes();
    }

    private static boolean indexed(ApiObject job) {
        return job.text("/spec/completionMode").equals("Indexed");
    }

    private static void selector(ApiObject job, Problems problems) {
        JsonNode selector = job.at("/spec/selector");
        if (!selector.isObject()) {
            problems.required("spec.selector");
            return;
        }
        ObjectMetaRules.checkSelector(selector, "spec.selector", problems);
        boolean manual = job.bool("/spec/manualSelector");
        String uid = selector.path("matchLabels").path(UID).asText("");
        if (!manual && !uid.equals(job.uid())) {
            problems.invalid("spec.selector", selector, "`selector` not auto-generated");
        }
        Map<String, String> labels = job.textMap("/spec/template/metadata/labels");
        if (!new LabelSelector(selector).matches(labels)) {
            problems.invalid(
                    "spec.template.metadata.labels",
                    job.at("/spec/template/metadata/labels"),
                    "`selector` does not match template `labels`");
        }
    }

    /**
     * A job's pods are all made alike; only a job that has not started yet may still be directed
     * elsewhere.
     */
    private static void unchanged(ApiObject job, ApiObject old, Problems problems) {
        WorkloadRules.selectorUnchanged(job.at("/spec/selector"), Optional.of(old), problems);
        for (String field :
                List.of(
                        "completionMode",
                        "podFailurePolicy",
                        "backoffLimitPerIndex",
                        "manualSelector")) {
            immutable(field, job, old, problems);
        }
        boolean elastic =
                indexed(job) && job.at("/spec/completions").equals(job.at("/spec/parallelism"));
        if (!elastic) {
            immutable("completions", job, old, problems);
        }
        boolean waiting = old.bool("/spec/suspend") && old.text("/status/startTime").isEmpty();
        if (!template(job, waiting).equals(template(old, waiting))) {
            problems.immutable("spec.template", job.at("/spec/template"));
        }
    }

    private static void immutable(String name, ApiObject job, ApiObject old, Problems problems) {
        JsonNode now = job.at("/spec/" + name);
        if (!now.equals(old.at("/spec/" + name))) {
            problems.immutable("spec." + name, now.isTextual() ? now.asText() : now);
        }
    }

    /**
     * @param withoutDirectives leaves out what may change while a job waits suspended: where its
     *     pods go
     */
    private static JsonNode template(ApiObject job, boolean withoutDirectives) {
        JsonNode template = job.at("/spec/template");
        if (!withoutDirectives) {
            return template;
        }
        JsonNode copy = template.deepCopy();
        if (copy.path("spec") instanceof ObjectNode spec) {
            spec.remove(List.of("affinity", "nodeSelector", "tolerations", "schedulingGates"));
        }
        if (copy.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove(List.of("labels", "annotations"));
        }
        return copy;
    }

    @Override
    public Map<String, String> selectableFields(ApiObject job) {
        return Map.of("status.successful", String.valueOf(job.integer("/status/succeeded", 0)));
    }
}
