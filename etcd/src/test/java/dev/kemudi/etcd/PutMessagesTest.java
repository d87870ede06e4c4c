package dev.kemudi.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.PutResponse;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Answer;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is read and written by hand is what protobuf reads and writes. */
class PutMessagesTest {
    private static final long LEASE_MAX = Long.MAX_VALUE;

    static Stream<PutRequest> requests() {
        PutRequest full =
                PutRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8("key"))
                        .setValue(ByteString.copyFrom(new byte[300]))
                        .setLease(LEASE_MAX)
                        .setPrevKv(true)
                        .setIgnoreLease(true)
                        .setIgnoreValue(true)
                        .build();
        return Stream.of(
                PutRequest.getDefaultInstance(),
                full,
                full.toBuilder().setLease(-1).clearPrevKv().build(),
                full.toBuilder().clearValue().clearIgnoreLease().build(),
                full.toBuilder().clearKey().clearIgnoreValue().build(),
                full.toBuilder()
                        .setUnknownFields(
                                UnknownFieldSet.newBuilder()
                                        .addField(
                                                99,
                                                UnknownFieldSet.Field.newBuilder()
                                                        .addLengthDelimited(ByteString.EMPTY)
                                                        .addFixed64(1)
                                                        .build())
                                        .build())
                        .build());
    }

    @ParameterizedTest
    @MethodSource("requests")
    void aRequestIsReadAsProtobufReadsIt(PutRequest request) throws Exception {
        byte[] bytes = request.toByteArray();
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();

        PutMessages.Request read = PutMessages.read(CodedInputStream.newInstance(direct));

        assertThat(read.key()).isEqualTo(request.getKey().toByteArray());
        assertThat(read.value()).isEqualTo(request.getValue().toByteArray());
        assertThat(read.lease()).isEqualTo(request.getLease());
        assertThat(read.prevKv()).isEqualTo(request.getPrevKv());
        assertThat(read.ignoreValue()).isEqualTo(request.getIgnoreValue());
        assertThat(read.ignoreLease()).isEqualTo(request.getIgnoreLease());
        assertThat(read.bytes()).isEqualTo(bytes.length);
    }

    @Test
    void halfARequestIsRefused() {
        byte[] bytes = requests().skip(1).findFirst().orElseThrow().toByteArray();
        for (int length : List.of(1, 4, 20, bytes.length - 1)) {
            assertThatThrownBy(
                            () -> PutMessages.read(CodedInputStream.newInstance(bytes, 0, length)))
                    .as("%d bytes", length)
                    .isInstanceOf(InvalidProtocolBufferException.class);
        }
    }

    @Test
    void anAnswerIsWhatProtobufWrites() throws Exception {
        try (Store store = KemudiStore.inMemory(TimeSource.system(), new PrometheusRegistry())) {
            Member member = new Member(store, -3, LEASE_MAX, () -> "127.0.0.1:1");
            Answer.Put put = new Answer.Put(1L << 40, List.of());

            Payload payload = new PutMessages(member).answer(put);

            ByteBuf out = Unpooled.buffer();
            payload.writeTo(out);
            assertThat(out.readableBytes()).isEqualTo(payload.length());
            assertThat(PutResponse.parseFrom(out.nioBuffer()))
                    .isEqualTo(Wire.put(member.header(put.revision()), put));
        }
    }
}
