/** Wiring, configuration, command line. */
@NullMarked
package dev.kemudi.server;

import org.jspecify.annotations.NullMarked;
