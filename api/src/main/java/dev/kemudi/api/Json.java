package dev.kemudi.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * The process's one JSON reader and writer. Duplicate keys, trailing text and nesting beyond {@link
 * #NESTING_MAX} are refused: outside bytes come through here. Safe for use by many threads.
 */
public final class Json {
    /** Deeper documents are attacks or accidents; Kubernetes objects stay below 40. */
    public static final int NESTING_MAX = 256;

    public static final ObjectMapper MAPPER =
            new ObjectMapper(
                            JsonFactory.builder()
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(NESTING_MAX)
                                                    .build())
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Json() {}
}
