/**
 * The built-in controllers: what turns declared workloads into pods, guards and scales them, and
 * clears away after deletions.
 */
@NullMarked
package dev.kemudi.workloads;

import org.jspecify.annotations.NullMarked;
