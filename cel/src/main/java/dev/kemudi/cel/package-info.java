/** The Common Expression Language as Kubernetes speaks it. */
@NullMarked
package dev.kemudi.cel;

import org.jspecify.annotations.NullMarked;
