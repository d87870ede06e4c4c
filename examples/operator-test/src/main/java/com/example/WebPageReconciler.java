package com.example;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.api.reconciler.Workflow;
import io.javaoperatorsdk.operator.api.reconciler.dependent.Dependent;

/** Keeps a config map for each page and says so in its status. */
@Workflow(dependents = @Dependent(type = PageConfigMap.class))
@ControllerConfiguration
public class WebPageReconciler implements Reconciler<WebPage> {
    @Override
    public UpdateControl<WebPage> reconcile(WebPage page, Context<WebPage> context) {
        WebPage.Status status = new WebPage.Status();
        status.observedGeneration = page.getMetadata().getGeneration();
        status.configMap =
                context.getSecondaryResource(ConfigMap.class)
                        .map(made -> made.getMetadata().getName())
                        .orElse(null);
        page.setStatus(status);
        page.getMetadata().setManagedFields(null);
        return UpdateControl.patchStatus(page);
    }
}
