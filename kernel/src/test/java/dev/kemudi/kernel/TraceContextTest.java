package dev.kemudi.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
    @Test
    void whatIsWrittenIsRead() {
        TraceContext context = TraceContext.root(true);
        assertThat(TraceContext.parse(context.toString())).contains(context);
        assertThat(context.child().traceId()).isEqualTo(context.traceId());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
                "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c8031zz-b7ad6b7169203331-01"
            })
    void whatTheSpecificationForbidsIsNotATrace(String header) {
        assertThat(TraceContext.parse(header)).isEmpty();
    }

    @Test
    void aLaterVersionMayCarryMore() {
        assertThat(
                        TraceContext.parse(
                                "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later"))
                .isPresent();
    }

    @Test
    void noGarbageMakesTheParserThrow() {
        Random random = new Random(3);
        String valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder header = new StringBuilder(valid);
            for (int edits = random.nextInt(4); edits >= 0; edits--) {
                header.setCharAt(random.nextInt(header.length()), (char) random.nextInt(0x300));
            }
            header.setLength(random.nextInt(header.length() + 1));
            TraceContext.parse(header)
                    .ifPresent(context -> assertThat(context.spanId()).isNotZero());
        }
    }
}
