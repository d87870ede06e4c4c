/** The proofs of the store: histories and their checker, faults, replay beside etcd, soak. */
@NullMarked
package dev.kemudi.conformance.testing;

import org.jspecify.annotations.NullMarked;
