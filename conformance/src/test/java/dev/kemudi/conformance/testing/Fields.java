package dev.kemudi.conformance.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Answers as fields by path, without what differs from server to server by nature: identities,
 * terms, sizes, hashes, versions.
 */
final class Fields {
    private static final Set<String> IDENTITIES =
            Set.of(
                    "cluster_id",
                    "member_id",
                    "raft_term",
                    "raftTerm",
                    "raftIndex",
                    "raftAppliedIndex",
                    "raft_index",
                    "raft_applied_index",
                    "leader",
                    "dbSize",
                    "dbSizeInUse",
                    "db_size",
                    "db_size_in_use",
                    "etcdserver",
                    "etcdcluster",
                    "hash",
                    "token",
                    "clientURLs",
                    "peerURLs",
                    "storageVersion",
                    "dbSizeQuota");

    /** Lists that stand for sets. */
    private static final Set<String> UNORDERED = Set.of("leases", "keys");

    private static final Pattern HEX = Pattern.compile("\\b[0-9a-f]{12,16}\\b");
    private static final ObjectMapper JSON = new ObjectMapper();

    private Fields() {}

    static void flatten(String path, Message message, Map<String, String> into) {
        for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
            String name = path + entry.getKey().getName();
            if (UNORDERED.contains(entry.getKey().getName())
                    && entry.getValue() instanceof List<?> list) {
                into.put(name, list.stream().map(Fields::text).sorted().toList().toString());
            } else if (entry.getValue() instanceof List<?> list) {
                for (int i = 0; i < list.size(); i++) {
                    put(name + "[" + i + "]", entry.getKey(), list.get(i), into);
                }
            } else {
                put(name, entry.getKey(), entry.getValue(), into);
            }
        }
    }

    private static String text(Object value) {
        return value instanceof ByteString bytes
                ? TextFormat.escapeBytes(bytes)
                : value.toString().strip();
    }

    private static void put(
            String path, FieldDescriptor field, Object value, Map<String, String> into) {
        boolean memberId =
                field.getName().equals("ID")
                        && field.getContainingType().getName().equals("Member");
        boolean serverVersion =
                field.getName().equals("version")
                        && field.getContainingType().getName().equals("StatusResponse");
        if (IDENTITIES.contains(field.getName()) || memberId || serverVersion) {
            into.put(path, "*");
        } else if (value instanceof Message message) {
            into.put(path, "{}");
            flatten(path + ".", message, into);
        } else if (value instanceof ByteString bytes) {
            into.put(path, TextFormat.escapeBytes(bytes));
        } else {
            into.put(path, String.valueOf(value));
        }
    }

    static void flattenJson(String text, Map<String, String> into) {
        int line = 0;
        // A stream of the gateway answers one object a line.
        for (String part : text.strip().split("\n")) {
            try {
                flattenJson("body[" + line++ + "]", JSON.readTree(part), into);
            } catch (JsonProcessingException e) {
                into.put("body[" + (line - 1) + "]", part.strip());
            }
        }
    }

    private static void flattenJson(String path, JsonNode node, Map<String, String> into) {
        if (node.isObject()) {
            into.put(path, "{}");
            node.properties()
                    .forEach(entry -> {
                        String inner = path + "." + entry.getKey();
                        boolean memberId = entry.getKey().equals("ID") && path.contains("members");
                        boolean serverVersion =
                                entry.getKey().equals("version") && !path.contains("kv");
                        if (IDENTITIES.contains(entry.getKey()) || memberId || serverVersion) {
                            into.put(inner, "*");
                        } else {
                            flattenJson(inner, entry.getValue(), into);
                        }
                    });
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                flattenJson(path + "[" + i + "]", node.get(i), into);
            }
        } else {
            into.put(path, node.toString());
        }
    }

    /** The series of etcd's own that a page of metrics has; Go's and gRPC's are not compared. */
    static void metricNames(String page, Map<String, String> into) {
        page.lines()
                .filter(line -> line.startsWith("# TYPE etcd_"))
                .forEach(line -> into.put(line.split(" ")[2], line.split(" ")[3]));
    }

    /** A line of etcdctl's output without ids, addresses, sizes and times. */
    static String withoutIdentity(String said, String endpoint) {
        String text = HEX.matcher(said.replace(endpoint, "ENDPOINT")).replaceAll("ID");
        return text.replaceAll("took = [0-9.]+[mµn]?s", "took = TIME")
                .replaceAll("\"(cluster_id|member_id|raft_term|leader|ID)\":\\d+", "\"$1\":0")
                .replaceAll("\"(ClusterID|MemberID|RaftTerm)\" : \\d+", "\"$1\" : 0")
                .replaceAll("http://[0-9.]+:\\d+", "URL")
                .stripTrailing();
    }
}
