package dev.kemudi.conformance.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The fuzzer's target on random messages of the right shape; the long run is fuzz.sh. */
class EtcdFuzzTest {
    private static final String[] WORDS = {"", "a", "b", "\0", "root", "http://127.0.0.1:1"};
    private static final long[] NUMBERS = {0, 1, -1, 2, 7, 4_711, Long.MIN_VALUE, Long.MAX_VALUE};

    @Test
    void everyMethodAnswersEveryMessage() throws IOException {
        Random random = new Random(3);
        int sent = 0;
        for (int round = 0; round < 40; round++) {
            for (int i = 0; i < EtcdFuzz.fuzzed().size(); i++) {
                MethodDescriptor method = EtcdFuzz.fuzzed().get(i);
                ByteArrayOutputStream input = new ByteArrayOutputStream();
                input.write(i);
                message(DynamicMessage.newBuilder(method.getInputType()), random, 3)
                        .build()
                        .writeTo(input);
                EtcdFuzz.fuzzerTestOneInput(input.toByteArray());
                sent++;
            }
        }
        assertThat(sent).isGreaterThan(1_000);
    }

    private static DynamicMessage.Builder message(
            DynamicMessage.Builder builder, Random random, int depth) {
        for (FieldDescriptor field : builder.getDescriptorForType().getFields()) {
            int times = field.isRepeated() ? random.nextInt(3) : random.nextInt(2);
            for (int i = 0; i < times; i++) {
                if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && depth == 0) {
                    continue;
                }
                Object value =
                        switch (field.getJavaType()) {
                            case MESSAGE ->
                                    message(
                                                    DynamicMessage.newBuilder(
                                                            field.getMessageType()),
                                                    random,
                                                    depth - 1)
                                            .build();
                            case LONG -> NUMBERS[random.nextInt(NUMBERS.length)];
                            case INT -> random.nextInt(10) - 2;
                            case BOOLEAN -> random.nextBoolean();
                            case STRING -> WORDS[random.nextInt(WORDS.length)];
                            case BYTE_STRING ->
                                    ByteString.copyFromUtf8(WORDS[random.nextInt(WORDS.length)]);
                            case ENUM ->
                                    field.getEnumType()
                                            .findValueByNumberCreatingIfUnknown(
                                                    random.nextInt(6) - 1);
                            case FLOAT -> random.nextFloat();
                            case DOUBLE -> random.nextDouble();
                        };
                if (field.isRepeated()) {
                    builder.addRepeatedField(field, value);
                } else {
                    builder.setField(field, value);
                }
            }
        }
        return builder;
    }
}
