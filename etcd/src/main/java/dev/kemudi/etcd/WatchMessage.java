package dev.kemudi.etcd;

import com.google.protobuf.CodedOutputStream;
import dev.kemudi.etcd.proto.Event;
import dev.kemudi.etcd.proto.WatchResponse;
import dev.kemudi.store.EventBatch;
import dev.kemudi.store.Watcher;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/*
 * Encoded once, sent a thousand times
 * -----------------------------------
 * What a thousand watchers of one range are told differs in the id of the watch only. Fields of a protobuf
 * message may come in any order, so head and events are encoded once per batch of events, kept on the batch,
 * and each watcher's message is those bytes and its id behind them, copied once, into the connection's
 * Outbox.
 */
/** One message of a watch stream as it goes out: bytes shared with others, then its own. */
final class WatchMessage implements Payload {
    private static final byte[] NONE = {};

    private final byte[] shared;
    private final byte[] own;

    private WatchMessage(byte[] shared, byte[] own) {
        this.shared = shared;
        this.own = own;
    }

    @Override
    public int length() {
        return shared.length + own.length;
    }

    @Override
    public void writeTo(ByteBuf out) {
        out.writeBytes(shared).writeBytes(own);
    }

    static WatchMessage of(WatchResponse response) {
        return new WatchMessage(NONE, response.toByteArray());
    }

    /** A batch's events, encoded, with the head of the answer. */
    static final class Encoded {
        private final byte[] bytes;
        final boolean puts;
        final boolean deletes;

        private Encoded(byte[] bytes, boolean puts, boolean deletes) {
            this.bytes = bytes;
            this.puts = puts;
            this.deletes = deletes;
        }

        static Encoded of(EventBatch batch, Member member) {
            return batch.derived(Encoded.class, some -> make(some, member));
        }

        private static Encoded make(EventBatch batch, Member member) {
            List<Event> events = new ArrayList<>(batch.events().size());
            boolean puts = false;
            boolean deletes = false;
            for (Watcher.Event event : batch.events()) {
                puts |= event.type() == Watcher.Type.PUT;
                deletes |= event.type() == Watcher.Type.DELETE;
                events.add(Wire.event(event));
            }
            WatchResponse all =
                    WatchResponse.newBuilder()
                            .setHeader(member.header(batch.revision()))
                            .addAllEvents(events)
                            .build();
            return new Encoded(all.toByteArray(), puts, deletes);
        }

        int length() {
            return bytes.length;
        }

        WatchMessage to(long watchId) {
            if (watchId == 0) {
                return new WatchMessage(bytes, NONE);
            }
            try {
                byte[] own =
                        new byte
                                [CodedOutputStream.computeInt64Size(
                                        WatchResponse.WATCH_ID_FIELD_NUMBER, watchId)];
                CodedOutputStream.newInstance(own)
                        .writeInt64(WatchResponse.WATCH_ID_FIELD_NUMBER, watchId);
                return new WatchMessage(bytes, own);
            } catch (IOException e) {
                throw new UncheckedIOException("the array was measured", e);
            }
        }
    }

    /** How gRPC is given them, within the process. */
    static final MethodDescriptor.Marshaller<WatchMessage> MARSHALLER =
            new MethodDescriptor.Marshaller<>() {
                @Override
                public InputStream stream(WatchMessage message) {
                    return new Outgoing(message);
                }

                @Override
                public WatchMessage parse(InputStream stream) {
                    try {
                        return new WatchMessage(NONE, stream.readAllBytes());
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            };

    private static final class Outgoing extends InputStream implements Drainable, KnownLength {
        private final WatchMessage message;
        private int at;

        Outgoing(WatchMessage message) {
            this.message = message;
        }

        private int length() {
            return message.length();
        }

        @Override
        public int available() {
            return length() - at;
        }

        @Override
        public int read() {
            if (at == length()) {
                return -1;
            }
            int next = at++;
            int inOwn = next - message.shared.length;
            return (inOwn < 0 ? message.shared[next] : message.own[inOwn]) & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int count) {
            if (at == length() && count > 0) {
                return -1;
            }
            int inOwn = at - message.shared.length;
            byte[] source = inOwn < 0 ? message.shared : message.own;
            int start = inOwn < 0 ? at : inOwn;
            int taken = Math.min(count, source.length - start);
            System.arraycopy(source, start, into, from, taken);
            at += taken;
            return taken;
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            int drained = available();
            int inOwn = Math.max(0, at - message.shared.length);
            int inShared = Math.min(at, message.shared.length);
            target.write(message.shared, inShared, message.shared.length - inShared);
            target.write(message.own, inOwn, message.own.length - inOwn);
            at = length();
            return drained;
        }
    }
}
