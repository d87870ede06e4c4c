package dev.kemudi.bolt;

import java.util.ArrayList;
import java.util.List;

/**
 * A user as etcd keeps it.
 *
 * @param passwordHash bcrypt, as text in bytes; empty for a user without a password
 */
public record EtcdUser(String name, byte[] passwordHash, List<String> roles, boolean noPassword) {
    /** The record as protobuf, {@code authpb.User}. */
    public byte[] row() {
        ProtoWriter row = new ProtoWriter(128).text(1, name).bytes(2, passwordHash);
        for (String role : roles) {
            row.message(3, role.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        return row.message(4, new ProtoWriter(2).number(1, noPassword ? 1 : 0).done()).done();
    }

    /** Reads {@code authpb.User}. */
    public static EtcdUser read(byte[] bytes) throws BoltException {
        ProtoReader row = new ProtoReader("bucket authUsers", bytes);
        String name = "";
        byte[] password = new byte[0];
        List<String> roles = new ArrayList<>();
        boolean noPassword = false;
        for (int field = row.next(); field != 0; field = row.next()) {
            switch (field) {
                case 1 -> name = row.text();
                case 2 -> password = row.bytes();
                case 3 -> roles.add(row.text());
                case 4 -> noPassword = readNoPassword(row.bytes());
                default -> {
                    // A later etcd's: not ours to know.
                }
            }
        }
        if (name.isEmpty()) {
            throw row.damage("a user's name", "none");
        }
        return new EtcdUser(name, password, List.copyOf(roles), noPassword);
    }

    private static boolean readNoPassword(byte[] bytes) throws BoltException {
        ProtoReader row = new ProtoReader("options of a user", bytes);
        boolean noPassword = false;
        for (int field = row.next(); field != 0; field = row.next()) {
            if (field == 1) {
                noPassword = row.number() != 0;
            }
        }
        return noPassword;
    }
}
