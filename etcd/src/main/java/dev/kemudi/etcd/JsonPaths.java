package dev.kemudi.etcd;

import com.google.protobuf.Message;
import dev.kemudi.etcd.proto.AuthGrpc;
import dev.kemudi.etcd.proto.ClusterGrpc;
import dev.kemudi.etcd.proto.ElectionGrpc;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.LeaseGrpc;
import dev.kemudi.etcd.proto.LockGrpc;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.WatchGrpc;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which path is which call, as etcd's .proto files annotate them, and other facts of its gateway.
 */
final class JsonPaths {
    private static final Map<String, MethodDescriptor<?, ?>> PATHS = new LinkedHashMap<>();

    static {
        put("kv/range", KVGrpc.getRangeMethod());
        put("kv/put", KVGrpc.getPutMethod());
        put("kv/deleterange", KVGrpc.getDeleteRangeMethod());
        put("kv/txn", KVGrpc.getTxnMethod());
        put("kv/compaction", KVGrpc.getCompactMethod());
        put("watch", WatchGrpc.getWatchMethod());
        put("lease/grant", LeaseGrpc.getLeaseGrantMethod());
        put("lease/revoke", LeaseGrpc.getLeaseRevokeMethod());
        put("kv/lease/revoke", LeaseGrpc.getLeaseRevokeMethod());
        put("lease/keepalive", LeaseGrpc.getLeaseKeepAliveMethod());
        put("lease/timetolive", LeaseGrpc.getLeaseTimeToLiveMethod());
        put("kv/lease/timetolive", LeaseGrpc.getLeaseTimeToLiveMethod());
        put("lease/leases", LeaseGrpc.getLeaseLeasesMethod());
        put("kv/lease/leases", LeaseGrpc.getLeaseLeasesMethod());
        put("cluster/member/add", ClusterGrpc.getMemberAddMethod());
        put("cluster/member/remove", ClusterGrpc.getMemberRemoveMethod());
        put("cluster/member/update", ClusterGrpc.getMemberUpdateMethod());
        put("cluster/member/list", ClusterGrpc.getMemberListMethod());
        put("cluster/member/promote", ClusterGrpc.getMemberPromoteMethod());
        put("maintenance/alarm", MaintenanceGrpc.getAlarmMethod());
        put("maintenance/status", MaintenanceGrpc.getStatusMethod());
        put("maintenance/defragment", MaintenanceGrpc.getDefragmentMethod());
        put("maintenance/hash", MaintenanceGrpc.getHashMethod());
        put("maintenance/hashkv", MaintenanceGrpc.getHashKVMethod());
        put("maintenance/snapshot", MaintenanceGrpc.getSnapshotMethod());
        put("maintenance/transfer-leadership", MaintenanceGrpc.getMoveLeaderMethod());
        put("maintenance/downgrade", MaintenanceGrpc.getDowngradeMethod());
        put("auth/enable", AuthGrpc.getAuthEnableMethod());
        put("auth/disable", AuthGrpc.getAuthDisableMethod());
        put("auth/status", AuthGrpc.getAuthStatusMethod());
        put("auth/authenticate", AuthGrpc.getAuthenticateMethod());
        put("auth/user/add", AuthGrpc.getUserAddMethod());
        put("auth/user/get", AuthGrpc.getUserGetMethod());
        put("auth/user/list", AuthGrpc.getUserListMethod());
        put("auth/user/delete", AuthGrpc.getUserDeleteMethod());
        put("auth/user/changepw", AuthGrpc.getUserChangePasswordMethod());
        put("auth/user/grant", AuthGrpc.getUserGrantRoleMethod());
        put("auth/user/revoke", AuthGrpc.getUserRevokeRoleMethod());
        put("auth/role/add", AuthGrpc.getRoleAddMethod());
        put("auth/role/get", AuthGrpc.getRoleGetMethod());
        put("auth/role/list", AuthGrpc.getRoleListMethod());
        put("auth/role/delete", AuthGrpc.getRoleDeleteMethod());
        put("auth/role/grant", AuthGrpc.getRoleGrantPermissionMethod());
        put("auth/role/revoke", AuthGrpc.getRoleRevokePermissionMethod());
        put("lock/lock", LockGrpc.getLockMethod());
        put("lock/unlock", LockGrpc.getUnlockMethod());
        put("election/campaign", ElectionGrpc.getCampaignMethod());
        put("election/proclaim", ElectionGrpc.getProclaimMethod());
        put("election/leader", ElectionGrpc.getLeaderMethod());
        put("election/observe", ElectionGrpc.getObserveMethod());
        put("election/resign", ElectionGrpc.getResignMethod());
    }

    private JsonPaths() {}

    private static void put(String path, MethodDescriptor<?, ?> method) {
        PATHS.put("/v3/" + path, method);
    }

    /** All of etcd's messages are protobuf's, which is all the gateway needs to know of them. */
    @SuppressWarnings("unchecked")
    private static MethodDescriptor<Message, Message> of(MethodDescriptor<?, ?> method) {
        return (MethodDescriptor<Message, Message>) method;
    }

    static Optional<MethodDescriptor<Message, Message>> find(String path) {
        return Optional.ofNullable(PATHS.get(path)).map(JsonPaths::of);
    }

    static Map<String, MethodDescriptor<Message, Message>> all() {
        Map<String, MethodDescriptor<Message, Message>> all = new LinkedHashMap<>();
        PATHS.forEach((path, method) -> all.put(path, of(method)));
        return all;
    }

    /** A watch goes on after the last request of the body; every other stream ends with it. */
    static boolean staysOpen(MethodDescriptor<?, ?> method) {
        return method == WatchGrpc.getWatchMethod();
    }

    /** The JSON objects that stand one after another in a body. */
    static List<String> values(String body) {
        List<String> values = new ArrayList<>();
        int depth = 0;
        int from = 0;
        boolean quoted = false;
        for (int i = 0; i < body.length(); i++) {
            char c = body.charAt(i);
            if (quoted) {
                if (c == '\\') {
                    i++;
                } else {
                    quoted = c != '"';
                }
                continue;
            }
            switch (c) {
                case '"' -> quoted = true;
                case '{' -> depth++;
                case '}' -> {
                    depth--;
                    if (depth == 0) {
                        values.add(body.substring(from, i + 1));
                        from = i + 1;
                    }
                }
                default -> {
                    // Only quotes and braces matter here; the parser judges the rest.
                }
            }
        }
        if (!body.substring(from).isBlank()) {
            values.add(body.substring(from));
        }
        return values;
    }

    static int httpStatus(Status.Code code) {
        return switch (code) {
            case OK -> 200;
            case CANCELLED -> 408;
            case UNKNOWN, INTERNAL, DATA_LOSS -> 500;
            case INVALID_ARGUMENT, OUT_OF_RANGE, FAILED_PRECONDITION -> 400;
            case DEADLINE_EXCEEDED -> 504;
            case NOT_FOUND -> 404;
            case ALREADY_EXISTS, ABORTED -> 409;
            case PERMISSION_DENIED -> 403;
            case UNAUTHENTICATED -> 401;
            case RESOURCE_EXHAUSTED -> 429;
            case UNIMPLEMENTED -> 501;
            case UNAVAILABLE -> 503;
        };
    }
}
