/** Metrics exposition and request spans. */
@NullMarked
package dev.kemudi.observe;

import org.jspecify.annotations.NullMarked;
