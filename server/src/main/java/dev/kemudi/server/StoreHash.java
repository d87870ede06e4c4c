package dev.kemudi.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.etcd.proto.HashKVRequest;
import dev.kemudi.etcd.proto.HashKVResponse;
import dev.kemudi.etcd.proto.StatusRequest;
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

    @CommandLine.Mixin private HelpOption help = new HelpOption();
    @CommandLine.Mixin private StoreReach reach = new StoreReach();
    @CommandLine.Mixin private StoreOutput output = new StoreOutput();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--revision",
            paramLabel = "REVISION",
            description = "Up to which revision; 0: the newest that the asked member has.")
    private long revision;

    @Override
    public Integer call() {
        List<ObjectNode> rows = new ArrayList<>();
        Set<String> different = new HashSet<>();
        try (StoreClient client = reach.connect()) {
            long at = revision == 0 ? newest(client) : revision;
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
                ObjectNode row = output.row();
                row.put("id", Long.toHexString(each.member().getID()));
                row.put("name", each.member().getName()).put("endpoint", each.address());
                row.put("hash", Integer.toUnsignedLong(answer.getHash())).put("revision", at);
                rows.add(row.put("compacted", answer.getCompactRevision()));
                different.add(answer.getHash() + "/" + answer.getCompactRevision());
            }
        }
        output.print(rows, spec.commandLine().getOut());
        return different.size() > 1 ? DIFFERENT : 0;
    }

    private static long newest(StoreClient client) {
        return client.ask(
                        client.address(),
                        () ->
                                client.maintenance(client.address())
                                        .status(StatusRequest.getDefaultInstance()))
                .getHeader()
                .getRevision();
    }
}
