package dev.kemudi.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    private static String missing(String json) {
        return Readiness.missing(ApiObject.parse(json.replace('\'', '"')));
    }

    @Test
    void aDeploymentIsReadyWhenItsNewestFormIsAvailable() {
        String declared =
                "{'kind':'Deployment','metadata':{'generation':2},'spec':{'replicas':2},'status':";
        assertThat(missing(declared + "{'observedGeneration':1}}"))
                .isEqualTo("not yet seen by its controller");
        assertThat(missing(declared + "{'observedGeneration':2,'updatedReplicas':1}}"))
                .isEqualTo("1 of 2 replicas created");
        assertThat(
                        missing(
                                declared
                                        + "{'observedGeneration':2,"
                                        + "'updatedReplicas':2,'availableReplicas':1}}"))
                .isEqualTo("1 of 2 replicas ready");
        assertThat(
                        missing(
                                declared
                                        + "{'observedGeneration':2,"
                                        + "'updatedReplicas':2,'availableReplicas':2}}"))
                .isEmpty();
    }

    @Test
    void aFinishedPodCountsAsReady() {
        assertThat(missing("{'kind':'Pod','status':{'phase':'Succeeded'}}")).isEmpty();
        assertThat(
                        missing(
                                "{'kind':'Pod','status':{'phase':'Running','conditions':"
                                        + "[{'type':'Ready','status':'False','message':'probe failed'}]}}"))
                .isEqualTo("Ready is not true yet: probe failed");
    }

    @Test
    void aRouteWaitsForAGatewayAndForItsBackends() {
        assertThat(missing("{'kind':'HTTPRoute'}")).isEqualTo("no Gateway has accepted it");
        assertThat(
                        missing(
                                "{'kind':'HTTPRoute','status':{'parents':[{'conditions':["
                                        + "{'type':'Accepted','status':'True'},"
                                        + "{'type':'ResolvedRefs','status':'False',"
                                        + "'message':'no such Service'}]}]}}"))
                .isEqualTo("ResolvedRefs is not true yet: no such Service");
    }

    @Test
    void whatIsBeingDeletedIsNotReady() {
        assertThat(
                        missing(
                                "{'kind':'ConfigMap','metadata':"
                                        + "{'deletionTimestamp':'2026-01-01T00:00:00Z'}}"))
                .isEqualTo("being deleted");
    }

    @Test
    void kindsWithoutAStateAreReadyAtOnce() {
        assertThat(missing("{'kind':'ConfigMap'}")).isEmpty();
    }
}
