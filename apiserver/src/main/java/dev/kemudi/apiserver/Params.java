package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The query parameters of one request. */
record Params(Map<String, List<String>> values) {
    static Params parse(String rawQuery) {
        Map<String, List<String>> values = new HashMap<>();
        for (String pair : rawQuery.split("&")) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                String key = decoded(equals < 0 ? pair : pair.substring(0, equals));
                values.computeIfAbsent(key, k -> new ArrayList<>())
                        .add(equals < 0 ? "" : decoded(pair.substring(equals + 1)));
            }
        }
        return new Params(values);
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ApiException(
                    Status.badRequest(
                            "malformed query parameter \"" + text + "\": " + e.getMessage()));
        }
    }

    /** The first value, empty when there is none. */
    String text(String name) {
        List<String> all = values.get(name);
        return all == null ? "" : all.getFirst();
    }

    List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    boolean flag(String name) {
        List<String> all = values.get(name);
        if (all == null) {
            return false;
        }
        return switch (all.getFirst()) {
            case "", "1", "t", "T", "true", "TRUE", "True" -> true;
            default -> false;
        };
    }

    /**
     * @throws ApiException 400 when there is one that is no whole number
     */
    long number(String name, long absent) {
        String text = text(name);
        if (text.isEmpty()) {
            return absent;
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new ApiException(
                    Status.badRequest(
                            "query parameter "
                                    + name
                                    + ": expected a whole number, found \""
                                    + text
                                    + "\""));
        }
    }
}
