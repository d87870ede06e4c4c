/** The log on several nodes: Apache Ratis beneath our batches. */
@NullMarked
package dev.kemudi.logratis;

import org.jspecify.annotations.NullMarked;
