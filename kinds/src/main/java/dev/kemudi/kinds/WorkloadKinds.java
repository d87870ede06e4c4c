package dev.kemudi.kinds;

import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import java.util.List;

/** What keeps pods running beyond Deployments and Jobs, and what guards and scales them. */
final class WorkloadKinds {
    private static final String ALL = "all";

    private WorkloadKinds() {}

    static List<ResourceDefinition> all() {
        return List.of(
                Kind.of(Resource.STATEFUL_SETS, "sts")
                        .categories(ALL)
                        .withStatus()
                        .withScale()
                        .columns(StatefulSetStrategy.COLUMNS, new StatefulSetStrategy()),
                Kind.of(Resource.DAEMON_SETS, "ds")
                        .categories(ALL)
                        .withStatus()
                        .columns(DaemonSetStrategy.COLUMNS, new DaemonSetStrategy()),
                Kind.of(Resource.CONTROLLER_REVISIONS)
                        .columns(
                                ControllerRevisionStrategy.COLUMNS,
                                new ControllerRevisionStrategy()),
                Kind.of(Resource.CRON_JOBS, "cj")
                        .categories(ALL)
                        .withStatus()
                        .columns(CronJobStrategy.COLUMNS, new CronJobStrategy()),
                Kind.of(Resource.HORIZONTAL_POD_AUTOSCALERS, "hpa")
                        .categories(ALL)
                        .withStatus()
                        .columns(
                                HorizontalPodAutoscalerColumns.ALL,
                                new HorizontalPodAutoscalerStrategy()),
                Kind.of(Resource.OLD_AUTOSCALERS, "hpa")
                        .categories(ALL)
                        .withStatus()
                        .columns(OldAutoscalerStrategy.columns(), new OldAutoscalerStrategy()),
                Kind.of(Resource.POD_DISRUPTION_BUDGETS, "pdb")
                        .withStatus()
                        .columns(
                                PodDisruptionBudgetStrategy.COLUMNS,
                                new PodDisruptionBudgetStrategy()));
    }
}
