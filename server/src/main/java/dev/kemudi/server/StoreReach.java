package dev.kemudi.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which store a command talks to, and how. */
final class StoreReach {
    @Option(
            names = "--endpoint",
            paramLabel = "HOST:PORT|URL",
            description = "A member to talk to. Default: the one that runs in the data directory")
    private @Nullable String endpoint;

    @Option(
            names = "--data-dir",
            paramLabel = "FOLDER",
            description = "The data directory of a running member. Default: .kemudi")
    private Path dataDirectory = Path.of(".kemudi");

    @Option(
            names = "--cacert",
            paramLabel = "FILE",
            description = "Who signed the members' certificates.")
    private @Nullable Path caFile;

    @Option(names = "--cert", paramLabel = "FILE", description = "A client certificate to show.")
    private @Nullable Path certificateFile;

    @Option(names = "--key", paramLabel = "FILE", description = "Its key.")
    private @Nullable Path keyFile;

    @Option(
            names = "--user",
            paramLabel = "NAME:PASSWORD",
            description = "Who asks, when authentication is enabled.")
    private String user = "";

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "How long one answer may take. Default: ${DEFAULT-VALUE}")
    private int timeoutSeconds = 10;

    /**
     * @throws UsageException when nothing says where the store is
     */
    StoreClient connect() {
        return new StoreClient(
                address(),
                new StoreClient.Trust(
                        Optional.ofNullable(caFile),
                        Optional.ofNullable(certificateFile),
                        Optional.ofNullable(keyFile)),
                user,
                timeoutSeconds);
    }

    private String address() {
        if (endpoint != null) {
            return endpoint;
        }
        try {
            return Endpoints.read(dataDirectory)
                    .filter(noted ->
                            ProcessHandle.of(noted.pid())
                                    .filter(ProcessHandle::isAlive)
                                    .isPresent())
                    .map(Endpoints::etcd)
                    .orElseThrow(() ->
                            new UsageException(
                                    ("nothing runs in %s; give --data-dir of a running member or"
                                                    + " --endpoint HOST:PORT")
                                            .formatted(dataDirectory)));
        } catch (IOException e) {
            throw new UsageException(
                    "--data-dir: cannot read %s (%s)".formatted(dataDirectory, e), e);
        }
    }
}
