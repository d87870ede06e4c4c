package dev.kemudi.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * The process's one JSON reader and writer. Duplicate keys, trailing text and nesting beyond {@link
 * #NESTING_MAX} are refused: outside bytes come through here. Safe for use by many threads.
 */
public final class Json {
    /** Deeper documents are attacks or accidents; Kubernetes objects stay below 40. */
    public static final int NESTING_MAX = 256;

    /**
     * Buffers of 16 KB that wait for the next document. Jackson's usual place for them is the
     * thread: with a thread for each request that is new ones each time, and a watch keeps its own
     * for as long as it lives.
     */
    private static final int BUFFERS_KEPT = 64;

    public static final ObjectMapper MAPPER =
            new ObjectMapper(
                            JsonFactory.builder()
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .recyclerPool(JsonRecyclerPools.newBoundedPool(BUFFERS_KEPT))
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(NESTING_MAX)
                                                    .build())
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Json() {}
}
