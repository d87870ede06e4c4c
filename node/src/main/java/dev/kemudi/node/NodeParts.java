package dev.kemudi.node;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.Quantity;
import dev.kemudi.controller.EventRecorder;
import dev.kemudi.kernel.EventBroker;
import dev.kemudi.kernel.TimeSource;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Semaphore;

/**
 * What all pods of a node share.
 *
 * @param starts places for processes that are being started
 * @param probes places for probes that look at the same moment
 */
record NodeParts(
        ApiClient client,
        ContainerRuntime runtime,
        Limits limits,
        TimeSource time,
        NodeMetrics metrics,
        EventRecorder recorder,
        EventBroker<PodEvent> broker,
        String nodeName,
        String hostAddress,
        Path podsDirectory,
        Map<String, Quantity> allocatable,
        Semaphore starts,
        Semaphore probes) {}
