/** Append, commit, apply, snapshot: the interface, and the single-node file log. */
@NullMarked
package dev.kemudi.log;

import org.jspecify.annotations.NullMarked;
