package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import org.junit.jupiter.api.Test;

class PodRulesTest {
    private final Subject pods = Subject.of(Resource.PODS);

    private static String container(String members) {
        return "{'spec':{'containers':[{'name':'a','image':'b:1'" + members + "}]}}";
    }

    @Test
    void aPodNeedsAContainerWithNameAndImage() {
        assertThat(pods.wrong("{'spec':{}}")).containsExactly("spec.containers: Required value");
        assertThat(pods.wrong("{'spec':{'containers':[{}]}}"))
                .containsExactly(
                        "spec.containers[0].name: Required value",
                        "spec.containers[0].image: Required value");
    }

    @Test
    void containerNamesAreUniqueAcrossInitContainersToo() {
        assertThat(
                        pods.wrong(
                                "{'spec':{'containers':[{'name':'a','image':'b'}],"
                                        + "'initContainers':[{'name':'a','image':'b'}]}}"))
                .containsExactly("spec.initContainers[0].name: Duplicate value: \"a\"");
    }

    @Test
    void aNameIsALabelInKubernetesWords() {
        assertThat(pods.wrong("{'spec':{'containers':[{'name':'A_b','image':'b'}]}}"))
                .containsExactly(
                        "spec.containers[0].name: Invalid value: \"A_b\": a lowercase RFC 1123"
                                + " label must consist of lower case alphanumeric characters or '-',"
                                + " and must start and end with an alphanumeric character (e.g."
                                + " 'my-name',  or '123-abc', regex used for validation is"
                                + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
    }

    @Test
    void portsStayInRangeAndHaveDistinctNames() {
        assertThat(
                        pods.wrong(
                                container(
                                        ",'ports':[{'containerPort':70000},{'name':'web','containerPort':1},"
                                                + "{'name':'web','containerPort':2,'protocol':'ICMP'}]")))
                .containsExactly(
                        "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be"
                                + " between 1 and 65535, inclusive",
                        "spec.containers[0].ports[2].name: Duplicate value: \"web\"",
                        "spec.containers[0].ports[2].protocol: Unsupported value: \"ICMP\":"
                                + " supported values: \"SCTP\", \"TCP\", \"UDP\"");
    }

    @Test
    void aProbeHasExactlyOneHandler() {
        assertThat(pods.wrong(container(",'livenessProbe':{}")))
                .containsExactly(
                        "spec.containers[0].livenessProbe: Required value: must specify a handler"
                                + " type");
        assertThat(
                        pods.wrong(
                                container(
                                        ",'livenessProbe':{'exec':{'command':['x']},"
                                                + "'tcpSocket':{'port':1},'successThreshold':2}")))
                .containsExactly(
                        "spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify"
                                + " more than 1 handler type",
                        "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must"
                                + " be 1");
    }

    @Test
    void requestsStayWithinLimitsAndQuantitiesAreNumbers() {
        assertThat(
                        pods.wrong(
                                container(
                                        ",'resources':{'limits':{'cpu':'1'},'requests':{'cpu':'1500m'}}")))
                .containsExactly(
                        "spec.containers[0].resources.requests: Invalid value: \"1500m\": must be"
                                + " less than or equal to cpu limit of 1");
        assertThat(pods.wrong(container(",'resources':{'requests':{'memory':'lots'}}")))
                .containsExactly(
                        "spec.containers[0].resources.requests[memory]: Invalid value: \"lots\":"
                                + " quantities must match the regular expression"
                                + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    }

    @Test
    void aMountNeedsItsVolume() {
        assertThat(pods.wrong(container(",'volumeMounts':[{'name':'gone','mountPath':'/x'}]")))
                .containsExactly("spec.containers[0].volumeMounts[0].name: Not found: \"gone\"");
    }

    @Test
    void aPathOfAVolumeCannotLeadOutOfIt() {
        assertThat(
                        pods.wrong(
                                "{'spec':{'containers':[{'name':'a','image':'b'}],"
                                        + "'volumes':[{'name':'v','configMap':"
                                        + "{'name':'c','items':[{'key':'k','path':'../../etc/passwd'}]}}]}}"))
                .containsExactly(
                        "spec.volumes[0].configMap.items[0].path: Invalid value:"
                                + " \"../../etc/passwd\": must not contain '..'");
    }

    @Test
    void policiesAreOneOfTheKnownOnes() {
        assertThat(
                        pods.wrong(
                                "{'spec':{'restartPolicy':'Sometimes','containers':[{'name':'a',"
                                        + "'image':'b'}]}}"))
                .containsExactly(
                        "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values:"
                                + " \"Always\", \"Never\", \"OnFailure\"");
    }

    @Test
    void anImageMayChangeAndTheNodeIsNamedOnce() {
        ApiObject old = pods.created(container(""));
        ApiObject bound = old.edit(o -> o.withObject("/spec").put("nodeName", "n1"));
        ApiObject moved = bound.edit(o -> o.withObject("/spec").put("nodeName", "n2"));
        ApiObject newImage =
                bound.edit(o -> o.withObject("/spec/containers/0").put("image", "c:2"));

        assertThat(pods.wrongChange(old, bound)).isEmpty();
        assertThat(pods.wrongChange(bound, newImage)).isEmpty();
        assertThat(pods.wrongChange(bound, moved))
                .singleElement()
                .asString()
                .startsWith("spec: Forbidden: pod updates may not change fields other than");
    }

    @Test
    void anythingElseOfARunningPodStaysAsItIs() {
        ApiObject old = pods.created(container(",'env':[{'name':'A','value':'1'}]"));
        ApiObject changed =
                old.edit(o -> o.withObject("/spec/containers/0/env/0").put("value", "2"));
        ApiObject more =
                old.edit(o ->
                        o.withArray("/spec/containers")
                                .addObject()
                                .put("name", "z")
                                .put("image", "z"));
        ApiObject intolerant = old.edit(o -> o.withArray("/spec/tolerations").remove(0));

        assertThat(pods.wrongChange(old, changed)).hasSize(1);
        assertThat(pods.wrongChange(old, more))
                .containsExactly(
                        "spec.containers: Forbidden: pod updates may not add or remove containers");
        assertThat(pods.wrongChange(old, intolerant))
                .containsExactly(
                        "spec.tolerations: Forbidden: existing toleration can not be modified"
                                + " except its tolerationSeconds");
    }
}
