package dev.kemudi.bolt;

import java.util.ArrayList;
import java.util.List;

/** A role as etcd keeps it. */
public record EtcdRole(String name, List<Permission> permissions) {
    /**
     * What a role may do to a range of keys.
     *
     * @param kind 0 read, 1 write, 2 both
     * @param rangeEnd empty for one key, a zero byte for no end
     */
    public record Permission(int kind, byte[] key, byte[] rangeEnd) {}

    /** The record as protobuf, {@code authpb.Role}. */
    public byte[] row() {
        ProtoWriter row = new ProtoWriter(128).text(1, name);
        for (Permission permission : permissions) {
            row.message(
                    2,
                    new ProtoWriter(64)
                            .number(1, permission.kind())
                            .bytes(2, permission.key())
                            .bytes(3, permission.rangeEnd())
                            .done());
        }
        return row.done();
    }

    /** Reads {@code authpb.Role}. */
    public static EtcdRole read(byte[] bytes) throws BoltException {
        ProtoReader row = new ProtoReader("bucket authRoles", bytes);
        String name = "";
        List<Permission> permissions = new ArrayList<>();
        for (int field = row.next(); field != 0; field = row.next()) {
            switch (field) {
                case 1 -> name = row.text();
                case 2 -> permissions.add(readPermission(row.bytes()));
                default -> {
                    // A later etcd's: not ours to know.
                }
            }
        }
        if (name.isEmpty()) {
            throw row.damage("a role's name", "none");
        }
        return new EtcdRole(name, List.copyOf(permissions));
    }

    private static Permission readPermission(byte[] bytes) throws BoltException {
        ProtoReader row = new ProtoReader("a permission", bytes);
        long kind = 0;
        byte[] key = new byte[0];
        byte[] end = new byte[0];
        for (int field = row.next(); field != 0; field = row.next()) {
            switch (field) {
                case 1 -> kind = row.number();
                case 2 -> key = row.bytes();
                case 3 -> end = row.bytes();
                default -> {
                    // A later etcd's: not ours to know.
                }
            }
        }
        if (kind < 0 || kind > 2) {
            throw row.damage("a permission of kind 0 to 2", String.valueOf(kind));
        }
        return new Permission((int) kind, key, end);
    }
}
