package dev.kemudi.etcd;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.PutResponse;
import dev.kemudi.etcd.proto.ResponseHeader;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.Op;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Puts are what there is most of: they are read from the frame into the store's record, and their
 * answers written, without protobuf's objects between. Safe for use by many threads.
 */
final class PutMessages {
    private static final byte[] NONE = {};
    private static final int KEY = delimited(PutRequest.KEY_FIELD_NUMBER);
    private static final int VALUE = delimited(PutRequest.VALUE_FIELD_NUMBER);
    private static final int LEASE = varint(PutRequest.LEASE_FIELD_NUMBER);
    private static final int PREV_KV = varint(PutRequest.PREV_KV_FIELD_NUMBER);
    private static final int IGNORE_VALUE = varint(PutRequest.IGNORE_VALUE_FIELD_NUMBER);
    private static final int IGNORE_LEASE = varint(PutRequest.IGNORE_LEASE_FIELD_NUMBER);

    private final Member member;

    /** The first two fields of every head. */
    private final byte[] ids;

    PutMessages(Member member) {
        this.member = member;
        ids =
                ResponseHeader.newBuilder()
                        .setClusterId(member.clusterId())
                        .setMemberId(member.memberId())
                        .build()
                        .toByteArray();
    }

    /**
     * @param bytes of the message
     */
    record Request(
            byte[] key,
            byte[] value,
            long lease,
            boolean prevKv,
            boolean ignoreValue,
            boolean ignoreLease,
            int bytes) {
        /** Throws what the client is to be told of fields that exclude each other. */
        Op.Put op() {
            return Wire.put(
                    Bytes.of(key), Bytes.of(value), lease, prevKv, ignoreValue, ignoreLease);
        }
    }

    private static int delimited(int field) {
        return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    }

    private static int varint(int field) {
        return field << 3 | WireFormat.WIRETYPE_VARINT;
    }

    static Request read(CodedInputStream in) throws IOException {
        byte[] key = NONE;
        byte[] value = NONE;
        long lease = 0;
        boolean prevKv = false;
        boolean ignoreValue = false;
        boolean ignoreLease = false;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == KEY) {
                key = in.readByteArray();
            } else if (tag == VALUE) {
                value = in.readByteArray();
            } else if (tag == LEASE) {
                lease = in.readInt64();
            } else if (tag == PREV_KV) {
                prevKv = in.readBool();
            } else if (tag == IGNORE_VALUE) {
                ignoreValue = in.readBool();
            } else if (tag == IGNORE_LEASE) {
                ignoreLease = in.readBool();
            } else {
                in.skipField(tag);
            }
        }
        return new Request(
                key, value, lease, prevKv, ignoreValue, ignoreLease, in.getTotalBytesRead());
    }

    Payload answer(Answer.Put put) {
        return put.previous().isEmpty()
                ? Payload.of(head(put.revision(), member.store().standing().term()))
                : Payload.of(Wire.put(member.header(put.revision()), put));
    }

    /** A {@link PutResponse} with its head alone. */
    private byte[] head(long revision, long term) {
        int length =
                ids.length
                        + CodedOutputStream.computeInt64Size(
                                ResponseHeader.REVISION_FIELD_NUMBER, revision)
                        + CodedOutputStream.computeUInt64Size(
                                ResponseHeader.RAFT_TERM_FIELD_NUMBER, term);
        byte[] bytes = new byte[2 + length]; // a head is shorter than 128 bytes
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            out.writeUInt32NoTag(delimited(PutResponse.HEADER_FIELD_NUMBER));
            out.writeUInt32NoTag(length);
            out.writeRawBytes(ids);
            out.writeInt64(ResponseHeader.REVISION_FIELD_NUMBER, revision);
            out.writeUInt64(ResponseHeader.RAFT_TERM_FIELD_NUMBER, term);
        } catch (IOException e) {
            throw new UncheckedIOException("the array was measured", e);
        }
        return bytes;
    }
}
