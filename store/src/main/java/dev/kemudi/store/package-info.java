/** Revisions, ranges, transactions, leases, watches: one deterministic state machine. */
@NullMarked
package dev.kemudi.store;

import org.jspecify.annotations.NullMarked;
