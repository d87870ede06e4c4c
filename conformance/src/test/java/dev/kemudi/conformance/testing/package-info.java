/**
 * The programs that prove the store from outside: loads, faults, histories and their checkers. Not
 * null-marked yet.
 */
package dev.kemudi.conformance.testing;
