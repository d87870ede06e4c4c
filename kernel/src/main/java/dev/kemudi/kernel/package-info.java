/** Context, bounded executors, fan-out, event broker, time, limits. */
@NullMarked
package dev.kemudi.kernel;

import org.jspecify.annotations.NullMarked;
