package com.example;

import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Version;

/** A page to be served. */
@Group("example.com")
@Version("v1")
public class WebPage extends CustomResource<WebPage.Spec, WebPage.Status> implements Namespaced {
    private static final long serialVersionUID = 1L;

    /** What the user wants. */
    public static class Spec {
        public String html;
    }

    /** What the operator has done. */
    public static class Status {
        public Long observedGeneration;
        public String configMap;
    }
}
