/** The whole platform inside a JUnit test; seeded simulator. */
@NullMarked
package dev.kemudi.testkit;

import org.jspecify.annotations.NullMarked;
