package dev.kemudi.server;

import dev.kemudi.etcd.proto.CompactionRequest;
import dev.kemudi.etcd.proto.StatusRequest;
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
    @CommandLine.Mixin private HelpOption help = new HelpOption();
    @CommandLine.Mixin private StoreReach reach = new StoreReach();
    @CommandLine.Mixin private StoreOutput output = new StoreOutput();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec spec;

    @Parameters(
            paramLabel = "REVISION|latest",
            description = "The oldest revision that can still be read afterwards.")
    private String revision = "";

    @Option(names = "--physical", description = "Answer when the space has been given back.")
    private boolean physical;

    @Override
    public Integer call() {
        try (StoreClient client = reach.connect()) {
            long at = revision.equals("latest") ? newest(client) : parsed();
            client.ask(
                    client.address(),
                    () ->
                            client.keys()
                                    .compact(
                                            CompactionRequest.newBuilder()
                                                    .setRevision(at)
                                                    .setPhysical(physical)
                                                    .build()));
            output.print(
                    output.row().put("compactedRevision", at),
                    "compacted up to revision " + at,
                    spec.commandLine().getOut());
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
