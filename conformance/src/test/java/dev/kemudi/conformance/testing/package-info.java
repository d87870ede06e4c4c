/** The programs that prove the store from outside: loads, faults, histories and their checkers. */
@NullMarked
package dev.kemudi.conformance.testing;

import org.jspecify.annotations.NullMarked;
