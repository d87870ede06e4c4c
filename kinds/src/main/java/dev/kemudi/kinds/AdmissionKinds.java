package dev.kemudi.kinds;

import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import java.util.List;

/**
 * The kinds by which administrators say what may be written, and how it is changed on its way in.
 */
final class AdmissionKinds {
    private AdmissionKinds() {}

    static List<ResourceDefinition> all() {
        return List.of(
                Kind.of(Resource.LIMIT_RANGES, "limits")
                        .columns(LimitRangeStrategy.COLUMNS, new LimitRangeStrategy()),
                Kind.of(Resource.RESOURCE_QUOTAS, "quota")
                        .withStatus()
                        .columns(ResourceQuotaStrategy.COLUMNS, new ResourceQuotaStrategy()),
                Kind.of(Resource.PRIORITY_CLASSES, "pc")
                        .columns(PriorityClassStrategy.COLUMNS, new PriorityClassStrategy()),
                Kind.of(Resource.VALIDATING_WEBHOOK_CONFIGURATIONS)
                        .categories("api-extensions")
                        .columns(
                                WebhookConfigurationStrategy.COLUMNS,
                                new WebhookConfigurationStrategy(false)),
                Kind.of(Resource.MUTATING_WEBHOOK_CONFIGURATIONS)
                        .categories("api-extensions")
                        .columns(
                                WebhookConfigurationStrategy.COLUMNS,
                                new WebhookConfigurationStrategy(true)),
                Kind.of(Resource.VALIDATING_ADMISSION_POLICIES)
                        .categories("api-extensions")
                        .withStatus()
                        .columns(
                                AdmissionPolicyStrategy.columns("Validations", "/spec/validations"),
                                new AdmissionPolicyStrategy(false)),
                Kind.of(Resource.VALIDATING_ADMISSION_POLICY_BINDINGS)
                        .categories("api-extensions")
                        .columns(PolicyBindingStrategy.COLUMNS, new PolicyBindingStrategy(true)),
                Kind.of(Resource.MUTATING_ADMISSION_POLICIES)
                        .categories("api-extensions")
                        .columns(
                                AdmissionPolicyStrategy.columns("Mutations", "/spec/mutations"),
                                new AdmissionPolicyStrategy(true)),
                Kind.of(Resource.MUTATING_ADMISSION_POLICY_BINDINGS)
                        .categories("api-extensions")
                        .columns(PolicyBindingStrategy.COLUMNS, new PolicyBindingStrategy(false)));
    }
}
