package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import org.junit.jupiter.api.Test;

class PodDisruptionBudgetTest {
    private final Subject budgets = Subject.of(Resource.POD_DISRUPTION_BUDGETS);

    private static String budget(String spec) {
        return "{'metadata':{'name':'web','creationTimestamp':'2026-01-01T11:59:18Z'},'spec':{'selector':"
                + "{'matchLabels':{'app':'web'}}"
                + spec
                + "}}";
    }

    @Test
    void aBudgetNamesEitherWhatStaysOrWhatMayGo() {
        assertThat(budgets.wrong(budget(",'minAvailable':1"))).isEmpty();
        assertThat(budgets.wrong(budget(",'maxUnavailable':'30%'"))).isEmpty();
        assertThat(budgets.wrong(budget(",'minAvailable':1,'maxUnavailable':1")))
                .singleElement()
                .asString()
                .startsWith("spec: Invalid value: ")
                .endsWith(": minAvailable and maxUnavailable cannot be both set");
    }

    @Test
    void wrongAmountsAndPoliciesAreRefusedByName() {
        assertThat(budgets.wrong(budget(",'minAvailable':-1")))
                .containsExactly(
                        "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0");
        assertThat(budgets.wrong(budget(",'maxUnavailable':'101%'")))
                .containsExactly(
                        "spec.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%");
        assertThat(budgets.wrong(budget(",'unhealthyPodEvictionPolicy':'Never'")))
                .containsExactly(
                        "spec.unhealthyPodEvictionPolicy: Unsupported value: \"Never\": supported values:"
                                + " \"AlwaysAllow\", \"IfHealthyBudget\"");
    }

    @Test
    void itsRowSaysWhatStaysAndWhatMayGoNow() {
        ApiObject budget =
                budgets.created(budget(",'minAvailable':'50%'"))
                        .edit(o -> o.withObject("/status").put("disruptionsAllowed", 2));
        assertThat(budgets.header(1))
                .containsExactly(
                        "NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE");
        assertThat(budgets.row(budget)).containsExactly("web", "50%", "N/A", 2, "42s");
    }
}
