package dev.kemudi.server;

import dev.kemudi.bolt.EtcdSnapshotReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "restore",
        description =
                "Makes a data directory from a snapshot of Kemudi or of etcd, for a later ./kemudi"
                        + " up or bin/etcd. Every member of a new cluster restores the same file.")
final class StoreRestore implements Callable<Integer> {
    @CommandLine.Mixin private HelpOption help = new HelpOption();
    @CommandLine.Mixin private StoreOutput output = new StoreOutput();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec spec;

    @Parameters(
            paramLabel = "FILE",
            description =
                    "From kemudi store snapshot, from etcdctl snapshot save, or etcd's member/snap/db.")
    private Path file = Path.of("");

    @Option(
            names = "--data-dir",
            paramLabel = "FOLDER",
            required = true,
            description = "Where to; must not hold a store yet.")
    private Path dataDirectory = Path.of("");

    @Option(
            names = "--skip-hash-check",
            description = "For a copied member/snap/db, which has no checksum at its end.")
    private boolean withoutChecksum;

    @Override
    public Integer call() {
        if (!Files.isRegularFile(file)) {
            throw new UsageException("FILE: there is no file %s".formatted(file));
        }
        Path store = dataDirectory.resolve("store");
        try {
            Files.createDirectories(store);
        } catch (IOException e) {
            throw new UsageException(
                    "--data-dir: cannot write in %s (%s)".formatted(dataDirectory, e), e);
        }
        SnapshotImport.Imported done =
                SnapshotImport.load(
                        file,
                        withoutChecksum
                                ? EtcdSnapshotReader.Checksum.OPTIONAL
                                : EtcdSnapshotReader.Checksum.REQUIRED,
                        store,
                        dev.kemudi.store.Limits.defaults());
        output.print(
                output.row()
                        .put("dataDirectory", dataDirectory.toString())
                        .put("revision", done.revision())
                        .put("changes", done.changes())
                        .put("leases", done.leases())
                        .put("users", done.users()),
                ("%s: revision %d, %d changes of keys, %d leases, %d users; start with ./kemudi up"
                                + " --data-dir %s")
                        .formatted(
                                dataDirectory,
                                done.revision(),
                                done.changes(),
                                done.leases(),
                                done.users(),
                                dataDirectory),
                spec.commandLine().getOut());
        return 0;
    }
}
