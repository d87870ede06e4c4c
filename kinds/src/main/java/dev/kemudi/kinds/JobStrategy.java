package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Jobs: pods that run to completion. Unless {@code manualSelector} is set, selector and labels come
 * from the job's uid, so that no other job's pods can ever match; the server must set {@code
 * metadata.uid} before {@link #prepareForCreate}.
 */
final class JobStrategy implements Strategy {
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
        PodTemplate.applyDefaults(spec);
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
        PodRules.spec(job.at("/spec/template/spec"), "spec.template.spec", problems);
        return problems.causes();
    }

    @Override
    public Map<String, String> selectableFields(ApiObject job) {
        return Map.of("status.successful", String.valueOf(job.integer("/status/succeeded", 0)));
    }
}
