package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.StoredForm;
import org.junit.jupiter.api.Test;

class HorizontalPodAutoscalerTest {
    private final Subject autoscalers = Subject.of(Resource.HORIZONTAL_POD_AUTOSCALERS);

    private static String web(String spec) {
        return "{'metadata':{'name':'web','creationTimestamp':'2026-01-01T11:59:18Z'},'spec':{"
                + "'scaleTargetRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'web'}"
                + spec
                + "}}";
    }

    private static String metric(String target) {
        return web(
                ",'maxReplicas':3,'metrics':[{'type':'Resource','resource':{'name':'cpu','target':{"
                        + target
                        + "}}}]");
    }

    @Test
    void theSmallestAutoscalerAimsAtEightyPercentOfTheCpuAskedFor() {
        ApiObject web = autoscalers.created(web(",'maxReplicas':5"));
        assertThat(web.integer("/spec/minReplicas", 0)).isEqualTo(1);
        assertThat(web.at("/spec/metrics"))
                .isEqualTo(
                        Subject.json(
                                        "{'m':[{'type':'Resource','resource':{'name':'cpu','target':"
                                                + "{'type':'Utilization','averageUtilization':80}}}]}")
                                .at("/m"));
        assertThat(web.at("/spec/behavior").isMissingNode()).isTrue();
        assertThat(autoscalers.header(0))
                .containsExactly(
                        "NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE");
        assertThat(autoscalers.row(web))
                .containsExactly("web", "Deployment/web", "cpu: <unknown>/80%", "1", 5, 0, "42s");
        ApiObject busy =
                web.edit(o ->
                        o.withObject("/status")
                                .putArray("currentMetrics")
                                .addObject()
                                .put("type", "Resource")
                                .putObject("resource")
                                .putObject("current")
                                .put("averageUtilization", 93));
        assertThat(autoscalers.row(busy)).contains("cpu: 93%/80%");
    }

    @Test
    void whatTheOldVersionHasNoWordsForSurvivesItsWrites() {
        Subject old = Subject.of(Resource.OLD_AUTOSCALERS);
        ApiObject web =
                autoscalers.created(
                        web(
                                ",'maxReplicas':5,'behavior':{},'metrics':["
                                        + "{'type':'Resource','resource':{'name':"
                                        + "'cpu','target':{'type':'Utilization','averageUtilization':70}}},"
                                        + "{'type':'Resource','resource':{'name':'memory','target':"
                                        + "{'type':'AverageValue','averageValue':'1Gi'}}}]"));
        StoredForm form = old.kind().strategy().storedForm().orElseThrow();
        ApiObject shown = ApiObject.of(form.fromStored().apply(web.tree().deepCopy()));
        assertThat(shown.integer("/spec/targetCPUUtilizationPercentage", 0)).isEqualTo(70);
        assertThat(shown.at("/spec/metrics").isMissingNode()).isTrue();
        assertThat(old.row(shown)).isEqualTo(autoscalers.row(web));
        ApiObject written =
                shown.edit(o -> o.withObject("/spec").put("targetCPUUtilizationPercentage", 60));
        ApiObject kept = ApiObject.of(form.toStored().apply(written.tree().deepCopy()));
        assertThat(kept)
                .isEqualTo(
                        web.edit(o ->
                                o.withObject("/spec/metrics/0/resource/target")
                                        .put("averageUtilization", 60)));
        assertThat(
                        old.created(web(",'maxReplicas':5"))
                                .integer("/spec/targetCPUUtilizationPercentage", 0))
                .isEqualTo(80);
        assertThat(old.wrong(web(",'maxReplicas':5,'targetCPUUtilizationPercentage':0")))
                .containsExactly(
                        "spec.targetCPUUtilizationPercentage: Invalid value: 0: must be greater than 0");
    }

    @Test
    void behaviourIsFilledInWhereItIsGiven() {
        ApiObject web =
                autoscalers.created(
                        web(
                                ",'maxReplicas':5,'behavior':{'scaleDown':"
                                        + "{'stabilizationWindowSeconds':60}}"));
        assertThat(web.at("/spec/behavior/scaleUp/policies")).hasSize(2);
        assertThat(web.integer("/spec/behavior/scaleUp/stabilizationWindowSeconds", -1)).isZero();
        assertThat(web.integer("/spec/behavior/scaleDown/stabilizationWindowSeconds", -1))
                .isEqualTo(60);
        assertThat(web.text("/spec/behavior/scaleDown/policies/0/type")).isEqualTo("Percent");
    }

    @Test
    void boundsThatCrossAndTargetsThatSayNothingAreRefused() {
        assertThat(autoscalers.wrong(web(",'maxReplicas':5"))).isEmpty();
        assertThat(autoscalers.wrong(web(",'minReplicas':4,'maxReplicas':3")))
                .containsExactly(
                        "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`");
        assertThat(autoscalers.wrong(web(""))).hasSize(2);
        assertThat(autoscalers.wrong("{'metadata':{'name':'a'},'spec':{'maxReplicas':1}}"))
                .containsExactly(
                        "spec.scaleTargetRef.kind: Required value",
                        "spec.scaleTargetRef.name: Required value");
        assertThat(autoscalers.wrong(metric("'type':'Utilization'")))
                .singleElement()
                .asString()
                .endsWith("must set either a target raw value or a target utilization");
        assertThat(autoscalers.wrong(metric("'type':'AverageValue','averageValue':'0'")))
                .hasSize(1);
        assertThat(
                        autoscalers.wrong(
                                web(
                                        ",'maxReplicas':3,'behavior':{'scaleUp':{'policies':[{'type':'Pods',"
                                                + "'value':0,'periodSeconds':1801}]}}")))
                .hasSize(2);
    }
}
