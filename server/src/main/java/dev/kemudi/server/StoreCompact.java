package dev.kemudi.server;

import dev.kemudi.etcd.proto.CompactionRequest;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "compact",
        description =
                "Forgets what was superseded before a revision. Space is given back by itself,"
                        + " without a stop.")
final class StoreCompact implements Callable<Integer> {
    @CommandLine.Mixin private StoreTalk talk = new StoreTalk();

    @Parameters(
            paramLabel = "REVISION|latest",
            description = "The oldest revision that can still be read afterwards.")
    private String revision = "";

    @Option(names = "--physical", description = "Answer when the space has been given back.")
    private boolean physical;

    @Override
    public Integer call() {
        try (StoreClient client = talk.connect()) {
            long at = revision.equals("latest") ? client.newestRevision() : parsed();
            client.ask(
                    client.address(),
                    () ->
                            client.keys()
                                    .compact(
                                            CompactionRequest.newBuilder()
                                                    .setRevision(at)
                                                    .setPhysical(physical)
                                                    .build()));
            talk.print(talk.row().put("compactedRevision", at), "compacted up to revision " + at);
        }
        return 0;
    }

    private long parsed() {
        if (!revision.matches("\\d{1,18}")) {
            throw new UsageException(
                    "REVISION: \"%s\": expected a whole number, or latest".formatted(revision));
        }
        return Long.parseLong(revision);
    }
}
