/** The built-in kinds: defaults, validation, columns. */
@NullMarked
package dev.kemudi.kinds;

import org.jspecify.annotations.NullMarked;
