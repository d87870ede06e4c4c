package dev.kemudi.logratis;

import dev.kemudi.log.LogEntry;
import dev.kemudi.log.Proposals.Proposal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/**
 * What stands in one entry of the Raft log: the time which the leader put in front, who sent it,
 * and the commands.
 *
 * <pre>
 * time(8) version(1) node(8) incarnation(8) sequence(8) count(4) { traceBytes(2) trace bytes(4) command }*
 * </pre>
 */
final class Batch {
    private static final byte VERSION = 1;
    private static final int HEAD_BYTES = 1 + 8 + 8 + 8 + 4;
    private static final int FRAME_BYTES = 2 + 4;

    private Batch() {}

    /**
     * Whose batch, and which one.
     *
     * @param incarnation of the node, higher after each start
     * @param sequence within the incarnation, from 1
     */
    record Origin(long node, long incarnation, long sequence) {}

    static <R> ByteString encode(Origin origin, List<Proposal<R>> proposals) {
        int bytes = HEAD_BYTES;
        List<byte[]> traces = new ArrayList<>(proposals.size());
        for (Proposal<R> proposal : proposals) {
            byte[] trace = proposal.traceparent().getBytes(StandardCharsets.UTF_8);
            if (trace.length > Short.MAX_VALUE) {
                trace = new byte[0];
            }
            traces.add(trace);
            bytes += FRAME_BYTES + trace.length + proposal.command().length;
        }
        ByteBuffer out = ByteBuffer.allocate(bytes);
        out.put(VERSION);
        out.putLong(origin.node()).putLong(origin.incarnation()).putLong(origin.sequence());
        out.putInt(proposals.size());
        for (int i = 0; i < proposals.size(); i++) {
            byte[] command = proposals.get(i).command();
            out.putShort((short) traces.get(i).length).put(traces.get(i));
            out.putInt(command.length).put(command);
        }
        return UnsafeByteOperations.unsafeWrap(out.flip());
    }

    /** What the leader writes: its time, and what was sent to it. */
    static ByteString stamped(long timeMillis, ByteString sent) {
        ByteBuffer time = ByteBuffer.allocate(8).putLong(timeMillis).flip();
        return UnsafeByteOperations.unsafeWrap(time).concat(sent);
    }

    /** Reads the front of an entry; {@link #commands} goes on from there. */
    static Front front(ByteBuffer data) {
        long timeMillis = data.getLong();
        byte version = data.get();
        if (version != VERSION) {
            throw new IllegalStateException(
                    "an entry of the log has format %d, this program reads %d: upgrade it"
                            .formatted(version, VERSION));
        }
        Origin origin = new Origin(data.getLong(), data.getLong(), data.getLong());
        return new Front(timeMillis, origin, data.getInt());
    }

    record Front(long timeMillis, Origin origin, int count) {}

    static List<LogEntry> commands(
            ByteBuffer data, int count, long index, long term, long timeMillis) {
        List<LogEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            byte[] trace = new byte[data.getShort()];
            data.get(trace);
            byte[] command = new byte[data.getInt()];
            data.get(command);
            String traceparent = trace.length == 0 ? "" : new String(trace, StandardCharsets.UTF_8);
            entries.add(new LogEntry(index, term, timeMillis, traceparent, command));
        }
        return entries;
    }

    /** The same entries, from what this node still has in memory. */
    static <R> List<LogEntry> commands(
            List<Proposal<R>> proposals, long index, long term, long timeMillis) {
        List<LogEntry> entries = new ArrayList<>(proposals.size());
        for (Proposal<R> each : proposals) {
            entries.add(new LogEntry(index, term, timeMillis, each.traceparent(), each.command()));
        }
        return entries;
    }
}
