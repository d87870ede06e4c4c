package dev.kemudi.store;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** How members lie in their area: a row for each, and one for the cluster's id. */
final class MemberRow {
    static final String AREA = "members";
    private static final Bytes CLUSTER = Bytes.utf8("cluster");
    private static final String PREFIX = "member/";
    private static final int VERSION = 1;

    private MemberRow() {}

    static Bytes key(long id) {
        return Bytes.utf8(PREFIX + HexFormat.of().toHexDigits(id));
    }

    static Bytes value(Membership.Member member) {
        ByteWriter out = new ByteWriter().u8(VERSION).fixed(member.id());
        out.bytes(Bytes.utf8(member.name())).flag(member.learner());
        write(out, member.peerUrls());
        write(out, member.clientUrls());
        return Bytes.of(out.done());
    }

    private static void write(ByteWriter out, List<String> urls) {
        out.number(urls.size());
        urls.forEach(url -> out.bytes(Bytes.utf8(url)));
    }

    private static Membership.Member member(Bytes row) {
        ByteReader in = new ByteReader(row.array());
        int version = in.u8();
        if (version != VERSION) {
            throw new ByteReader.MalformedException(
                    "member row version " + version + ", this reads " + VERSION);
        }
        long id = in.fixed();
        String name = text(in);
        boolean learner = in.flag();
        return new Membership.Member(id, name, urls(in), urls(in), learner);
    }

    private static String text(ByteReader in) {
        return new String(in.bytes().array(), java.nio.charset.StandardCharsets.UTF_8);
    }

    private static List<String> urls(ByteReader in) {
        int count = in.count();
        List<String> urls = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            urls.add(text(in));
        }
        return List.copyOf(urls);
    }

    /** Everything at once: how an area begins. */
    static void put(
            Map<Bytes, Optional<Bytes>> rows, long clusterId, List<Membership.Member> members) {
        rows.put(CLUSTER, Optional.of(Bytes.of(new ByteWriter().fixed(clusterId).done())));
        members.forEach(member -> rows.put(key(member.id()), Optional.of(value(member))));
    }

    /** By id, as etcd orders them. */
    static List<Membership.Member> members(Area area) {
        return area.rows().entrySet().stream()
                .filter(row -> row.getKey().startsWith(Bytes.utf8(PREFIX)))
                .map(row -> member(row.getValue()))
                .sorted((one, two) -> Long.compareUnsigned(one.id(), two.id()))
                .toList();
    }

    static OptionalLong clusterId(Area area) {
        Bytes row = area.rows().get(CLUSTER);
        return row == null
                ? OptionalLong.empty()
                : OptionalLong.of(new ByteReader(row.array()).fixed());
    }
}
