/**
 * The built-in controllers: Deployment, ReplicaSet, Job, EndpointSlice, namespaces, garbage
 * collection.
 */
@NullMarked
package dev.kemudi.workloads;

import org.jspecify.annotations.NullMarked;
