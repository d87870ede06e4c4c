package dev.kemudi.etcd;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;

/** One gRPC message on its way out, measured before it is written. Used by one thread. */
interface Payload {
    /** In bytes. */
    int length();

    /** Appends exactly {@link #length()} bytes. */
    void writeTo(ByteBuf out);

    static Payload of(MessageLite message) {
        return new Message(message, message.getSerializedSize());
    }

    static Payload of(byte[] encoded) {
        return new Encoded(encoded);
    }

    /** Written straight into the buffer. */
    record Message(MessageLite message, int length) implements Payload {
        @Override
        public void writeTo(ByteBuf out) {
            int at = out.writerIndex();
            out.ensureWritable(length);
            try {
                CodedOutputStream coded = CodedOutputStream.newInstance(out.nioBuffer(at, length));
                message.writeTo(coded);
                coded.flush();
            } catch (IOException e) {
                throw new UncheckedIOException("the buffer was measured", e);
            }
            out.writerIndex(at + length);
        }
    }

    /** What was encoded by hand. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Encoded(byte[] bytes) implements Payload {
        @Override
        public int length() {
            return bytes.length;
        }

        @Override
        public void writeTo(ByteBuf out) {
            out.writeBytes(bytes);
        }
    }
}
