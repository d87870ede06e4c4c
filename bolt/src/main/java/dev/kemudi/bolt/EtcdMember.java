package dev.kemudi.bolt;

import java.util.List;
import java.util.stream.Collectors;

/** A member of a cluster as etcd keeps it. */
public record EtcdMember(
        long id, String name, List<String> peerUrls, List<String> clientUrls, boolean learner) {
    /** etcd writes ids in hexadecimal without leading zeros. */
    String rowKey() {
        return Long.toHexString(id);
    }

    /** The fields and their order are etcd's; what is empty is left out. */
    String json() {
        StringBuilder json = new StringBuilder(256);
        json.append("{\"id\":").append(Long.toUnsignedString(id));
        json.append(",\"peerURLs\":").append(list(peerUrls));
        if (learner) {
            json.append(",\"isLearner\":true");
        }
        if (!name.isEmpty()) {
            json.append(",\"name\":").append(quote(name));
        }
        if (!clientUrls.isEmpty()) {
            json.append(",\"clientURLs\":").append(list(clientUrls));
        }
        return json.append('}').toString();
    }

    private static String list(List<String> texts) {
        return texts.stream().map(EtcdMember::quote).collect(Collectors.joining(",", "[", "]"));
    }

    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
