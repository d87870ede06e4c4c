/** Pods as supervised processes: probes, logs, exec, restarts. */
@NullMarked
package dev.kemudi.node;

import org.jspecify.annotations.NullMarked;
