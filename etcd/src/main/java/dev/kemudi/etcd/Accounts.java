package dev.kemudi.etcd;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.kemudi.etcd.proto.Permission;
import dev.kemudi.etcd.proto.Role;
import dev.kemudi.etcd.proto.User;
import dev.kemudi.store.Area;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Users and roles as they are at one revision of the area "auth". Rows: {@code users/NAME} and
 * {@code roles/NAME} hold etcd's own messages, {@code enabled} is there while accounts are checked,
 * {@code secret} signs tokens and is made anew each time they are switched on. Immutable.
 */
final class Accounts {
    static final String AREA = "auth";
    static final String ROOT = "root";
    static final Bytes ENABLED = Bytes.utf8("enabled");
    static final Bytes SECRET = Bytes.utf8("secret");
    private static final String USERS = "users/";
    private static final String ROLES = "roles/";
    static final Accounts NONE = of(new Area(AREA, 0, Collections.emptySortedMap()));

    private final Area area;
    private final SortedMap<String, User> users = new TreeMap<>();
    private final SortedMap<String, Role> roles = new TreeMap<>();
    private final Map<String, Permissions> permissions = new ConcurrentHashMap<>();

    private Accounts(Area area) {
        this.area = area;
    }

    static Accounts of(Area area) {
        Accounts accounts = new Accounts(area);
        area.rows().forEach(accounts::read);
        return accounts;
    }

    private void read(Bytes row, Bytes value) {
        String name = new String(row.array(), java.nio.charset.StandardCharsets.UTF_8);
        try {
            if (name.startsWith(USERS)) {
                users.put(name.substring(USERS.length()), User.parseFrom(value.array()));
            } else if (name.startsWith(ROLES)) {
                roles.put(name.substring(ROLES.length()), Role.parseFrom(value.array()));
            }
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(
                    "row " + name + " of area " + AREA + " should be a user or role of etcd's", e);
        }
    }

    static Bytes userRow(String name) {
        return Bytes.utf8(USERS + name);
    }

    static Bytes roleRow(String name) {
        return Bytes.utf8(ROLES + name);
    }

    long areaRevision() {
        return area.revision();
    }

    /** As etcd counts: 1 before anything was changed. */
    long revision() {
        return area.revision() + 1;
    }

    boolean enabled() {
        return area.rows().containsKey(ENABLED);
    }

    Bytes secret() {
        return area.rows().getOrDefault(SECRET, Bytes.EMPTY);
    }

    SortedMap<String, User> users() {
        return users;
    }

    SortedMap<String, Role> roles() {
        return roles;
    }

    Optional<User> user(String name) {
        return Optional.ofNullable(users.get(name));
    }

    Optional<Role> role(String name) {
        return Optional.ofNullable(roles.get(name));
    }

    boolean isRoot(String user) {
        return hasRole(user, ROOT);
    }

    boolean hasRole(String user, String role) {
        return user(user).map(found -> found.getRolesList().contains(role)).orElse(false);
    }

    boolean mayRead(String user, KeyRange range) {
        return isRoot(user) || permissions(user).mayRead(range);
    }

    boolean mayWrite(String user, KeyRange range) {
        return isRoot(user) || permissions(user).mayWrite(range);
    }

    private Permissions permissions(String user) {
        return permissions.computeIfAbsent(user, this::granted);
    }

    private Permissions granted(String user) {
        List<Permission> all = new ArrayList<>();
        for (String role : user(user).map(u -> List.copyOf(u.getRolesList())).orElse(List.of())) {
            role(role).ifPresent(found -> all.addAll(found.getKeyPermissionList()));
        }
        return new Permissions(all);
    }
}
