package com.example;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.dependent.kubernetes.CRUDKubernetesDependentResource;

/** The page's text, where a web server would mount it. */
public class PageConfigMap extends CRUDKubernetesDependentResource<ConfigMap, WebPage> {
    @Override
    protected ConfigMap desired(WebPage page, Context<WebPage> context) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(page.getMetadata().getName() + "-html")
                .withNamespace(page.getMetadata().getNamespace())
                .endMetadata()
                .addToData("index.html", page.getSpec().html)
                .build();
    }
}
