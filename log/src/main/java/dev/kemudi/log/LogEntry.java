package dev.kemudi.log;

/**
 * One command at its place in the one order.
 *
 * @param index position, from 1, never going back; entries that were replicated together share one,
 *     and are always applied together
 * @param term the leadership under which it was accepted; 1 on a single node
 * @param timeMillis epoch milliseconds chosen by the leader, never going back: the only clock a
 *     state machine may read
 * @param traceparent W3C trace context of the proposer, empty when there is none
 * @param command opaque bytes; must not be changed after proposing
 */
public record LogEntry(
        long index, long term, long timeMillis, String traceparent, byte[] command) {}
