package dev.kemudi.server;

import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
        name = "store",
        description = "Looks after the store: of ./kemudi up, of bin/etcd, of etcd itself.",
        subcommands = {
            StoreStatus.class,
            StoreMembers.class,
            StoreHash.class,
            StoreCompact.class,
            StoreSnapshot.class,
            StoreRestore.class
        },
        synopsisSubcommandLabel = "COMMAND")
final class StoreCommand implements Runnable {
    @CommandLine.Mixin private HelpOption help = new HelpOption();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
