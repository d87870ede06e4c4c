package dev.kemudi.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.etcd.proto.HashKVRequest;
import dev.kemudi.etcd.proto.HashKVResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "hash",
        description =
                "Compares checksums of all keys and revisions on every member. Exit code 4 when they"
                        + " differ.")
final class StoreHash implements Callable<Integer> {
    private static final int DIFFERENT = 4;

    @CommandLine.Mixin private StoreTalk talk = new StoreTalk();

    @Option(
            names = "--revision",
            paramLabel = "REVISION",
            description = "Up to which revision; 0: the newest that the asked member has.")
    private long revision;

    @Override
    public Integer call() {
        List<ObjectNode> rows = new ArrayList<>();
        Set<String> different = new HashSet<>();
        try (StoreClient client = talk.connect()) {
            long at = revision == 0 ? client.newestRevision() : revision;
            for (StoreClient.Reached each : client.reach()) {
                HashKVResponse answer =
                        client.ask(
                                each.address(),
                                () ->
                                        client.maintenance(each.address())
                                                .hashKV(
                                                        HashKVRequest.newBuilder()
                                                                .setRevision(at)
                                                                .build()));
                ObjectNode row = talk.row();
                row.put("id", Long.toHexString(each.member().getID()));
                row.put("name", each.member().getName()).put("endpoint", each.address());
                row.put("hash", Integer.toUnsignedLong(answer.getHash())).put("revision", at);
                rows.add(row.put("compacted", answer.getCompactRevision()));
                different.add(answer.getHash() + "/" + answer.getCompactRevision());
            }
        }
        talk.print(rows);
        return different.size() > 1 ? DIFFERENT : 0;
    }
}
