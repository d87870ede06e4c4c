/** Filter and score: which node a pod runs on. */
@NullMarked
package dev.kemudi.scheduler;

import org.jspecify.annotations.NullMarked;
