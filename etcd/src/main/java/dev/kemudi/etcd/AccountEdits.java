package dev.kemudi.etcd;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.kemudi.etcd.proto.Permission;
import dev.kemudi.etcd.proto.Role;
import dev.kemudi.etcd.proto.User;
import dev.kemudi.etcd.proto.UserAddOptions;
import dev.kemudi.store.Answer;
import dev.kemudi.store.AreaChange;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.Store;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Every change of the accounts: from the accounts as they are to the rows that become different, or
 * etcd's refusal. A change that lost a race is made again upon what won.
 */
final class AccountEdits {
    private static final int RETRIES_MAX = 100;
    private static final int SECRET_BYTES = 32;
    private static final Comparator<ByteString> ORDER =
            ByteString.unsignedLexicographicalComparator();

    /** The rows that become different; none when it is as it should be already. */
    @FunctionalInterface
    interface Edit {
        Map<Bytes, Optional<Bytes>> on(Accounts now);
    }

    private final Store store;
    private final Guard guard;

    AccountEdits(Store store, Guard guard) {
        this.store = store;
        this.guard = guard;
    }

    /** Makes a change if {@code who} may. Blocks. */
    void make(Credential who, Edit edit) {
        for (int i = 0; i < RETRIES_MAX; i++) {
            Accounts now = Accounts.of(store.area(Accounts.AREA));
            guard.admin(who, now);
            Map<Bytes, Optional<Bytes>> rows = edit.on(now);
            if (rows.isEmpty()) {
                return;
            }
            Answer answer =
                    Errors.await(
                            store.change(new AreaChange(Accounts.AREA, now.areaRevision(), rows)));
            boolean stale =
                    answer instanceof Answer.Refused refused
                            && refused.reason() == Answer.Reason.GUARD_STALE;
            if (!stale) {
                Errors.expect(answer, Answer.AreaChanged.class);
                return;
            }
        }
        throw Errors.TOO_MANY.asRuntimeException();
    }

    private static Map<Bytes, Optional<Bytes>> row(Bytes row, MessageLite message) {
        return Map.of(row, Optional.of(Bytes.of(message.toByteArray())));
    }

    private static Map<Bytes, Optional<Bytes>> row(User user) {
        return row(Accounts.userRow(user.getName().toStringUtf8()), user);
    }

    private static Map<Bytes, Optional<Bytes>> row(Role role) {
        return row(Accounts.roleRow(role.getName().toStringUtf8()), role);
    }

    private static User user(Accounts now, String name) {
        return now.user(name).orElseThrow(Errors.USER_NOT_FOUND::asRuntimeException);
    }

    private static Role role(Accounts now, String name) {
        return now.role(name).orElseThrow(Errors.ROLE_NOT_FOUND::asRuntimeException);
    }

    static Edit enable() {
        return now -> {
            if (now.enabled()) {
                return Map.of();
            }
            if (now.user(Accounts.ROOT).isEmpty()) {
                throw Errors.ROOT_USER_MISSING.asRuntimeException();
            }
            if (!now.isRoot(Accounts.ROOT)) {
                throw Errors.ROOT_ROLE_MISSING.asRuntimeException();
            }
            byte[] secret = new byte[SECRET_BYTES];
            new SecureRandom().nextBytes(secret);
            return Map.of(
                    Accounts.ENABLED,
                    Optional.of(Bytes.utf8("1")),
                    Accounts.SECRET,
                    Optional.of(Bytes.of(secret)));
        };
    }

    static Edit disable() {
        return now ->
                now.enabled()
                        ? Map.of(
                                Accounts.ENABLED, Optional.empty(),
                                Accounts.SECRET, Optional.empty())
                        : Map.of();
    }

    static Edit addUser(String name, ByteString hash, UserAddOptions options) {
        return now -> {
            if (name.isEmpty()) {
                throw Errors.USER_EMPTY.asRuntimeException();
            }
            if (now.user(name).isPresent()) {
                throw Errors.USER_EXISTS.asRuntimeException();
            }
            return row(
                    User.newBuilder()
                            .setName(ByteString.copyFromUtf8(name))
                            .setPassword(hash)
                            .setOptions(options)
                            .build());
        };
    }

    static Edit changePassword(String name, ByteString hash) {
        return now -> row(user(now, name).toBuilder().setPassword(hash).build());
    }

    static Edit deleteUser(String name) {
        return now -> {
            if (now.enabled() && name.equals(Accounts.ROOT)) {
                throw Errors.INVALID_AUTH_MANAGEMENT.asRuntimeException();
            }
            user(now, name);
            return Map.of(Accounts.userRow(name), Optional.empty());
        };
    }

    static Edit grantRole(String name, String role) {
        return now -> {
            User user = user(now, name);
            if (!role.equals(Accounts.ROOT)) {
                role(now, role);
            }
            if (user.getRolesList().contains(role)) {
                return Map.of();
            }
            List<String> roles = new ArrayList<>(user.getRolesList());
            roles.add(role);
            roles.sort(Comparator.naturalOrder());
            return row(user.toBuilder().clearRoles().addAllRoles(roles).build());
        };
    }

    private static User without(User user, String role) {
        return user.toBuilder()
                .clearRoles()
                .addAllRoles(user.getRolesList().stream().filter(one -> !one.equals(role)).toList())
                .build();
    }

    static Edit revokeRole(String name, String role) {
        return now -> {
            if (now.enabled() && name.equals(Accounts.ROOT) && role.equals(Accounts.ROOT)) {
                throw Errors.INVALID_AUTH_MANAGEMENT.asRuntimeException();
            }
            User user = user(now, name);
            if (!user.getRolesList().contains(role)) {
                throw Errors.ROLE_NOT_GRANTED.asRuntimeException();
            }
            return row(without(user, role));
        };
    }

    static Edit addRole(String name) {
        return now -> {
            if (name.isEmpty()) {
                throw Errors.ROLE_EMPTY.asRuntimeException();
            }
            if (now.role(name).isPresent()) {
                throw Errors.ROLE_EXISTS.asRuntimeException();
            }
            return row(Role.newBuilder().setName(ByteString.copyFromUtf8(name)).build());
        };
    }

    static Edit deleteRole(String name) {
        return now -> {
            if (now.enabled() && name.equals(Accounts.ROOT)) {
                throw Errors.INVALID_AUTH_MANAGEMENT.asRuntimeException();
            }
            role(now, name);
            Map<Bytes, Optional<Bytes>> rows = new HashMap<>();
            rows.put(Accounts.roleRow(name), Optional.empty());
            for (User user : now.users().values()) {
                if (user.getRolesList().contains(name)) {
                    rows.putAll(row(without(user, name)));
                }
            }
            return rows;
        };
    }

    private static boolean isRange(ByteString key, ByteString end) {
        boolean endless = end.size() == 1 && end.byteAt(0) == 0;
        return !key.isEmpty() && (end.isEmpty() || endless || ORDER.compare(key, end) < 0);
    }

    static Edit grant(String name, Permission permission) {
        return now -> {
            if (!isRange(permission.getKey(), permission.getRangeEnd())) {
                throw Errors.INVALID_AUTH_MANAGEMENT.asRuntimeException();
            }
            Role role = role(now, name);
            List<Permission> permissions =
                    new ArrayList<>(others(role, permission.getKey(), permission.getRangeEnd()));
            permissions.add(permission);
            permissions.sort(
                    Comparator.comparing(Permission::getKey, ORDER)
                            .thenComparing(Permission::getRangeEnd, ORDER));
            return row(
                    role.toBuilder().clearKeyPermission().addAllKeyPermission(permissions).build());
        };
    }

    private static List<Permission> others(Role role, ByteString key, ByteString end) {
        return role.getKeyPermissionList().stream()
                .filter(one -> !one.getKey().equals(key) || !one.getRangeEnd().equals(end))
                .toList();
    }

    static Edit revoke(String name, ByteString key, ByteString end) {
        return now -> {
            Role role = role(now, name);
            List<Permission> left = others(role, key, end);
            if (left.size() == role.getKeyPermissionCount()) {
                throw Errors.PERMISSION_NOT_GRANTED.asRuntimeException();
            }
            return row(role.toBuilder().clearKeyPermission().addAllKeyPermission(left).build());
        };
    }
}
