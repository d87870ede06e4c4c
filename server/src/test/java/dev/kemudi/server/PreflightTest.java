package dev.kemudi.server;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreflightTest {
    @TempDir private Path folder;

    private Options options(String listen, int apiPort, int etcdPort) {
        return new Options(folder, false, listen, apiPort, etcdPort, 0, 0);
    }

    @Test
    void freePortsAndAFolderThatCanBeWrittenPass() {
        assertThatCode(() -> Preflight.check(options("127.0.0.1", 0, 0)))
                .doesNotThrowAnyException();
    }

    @Test
    void anOccupiedPortIsNamedWithItsOption() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> Preflight.check(options("127.0.0.1", 0, taken.getLocalPort())))
                    .isInstanceOf(UsageException.class)
                    .hasMessageContaining("--etcd-port: 127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void onePortForTwoPurposesIsRefused() {
        assertThatThrownBy(() -> Preflight.check(options("127.0.0.1", 39_911, 39_911)))
                .hasMessageContaining("--etcd-port: port 39911 is already given to --api-port");
    }

    @Test
    void aPortOutOfRangeIsRefused() {
        assertThatThrownBy(() -> Preflight.check(options("127.0.0.1", -1, 0)))
                .hasMessageContaining("--api-port: -1 is not a port");
    }

    @Test
    void anAddressOfNoMachineIsRefused() {
        assertThatThrownBy(() -> Preflight.check(options("300.1.1.1", 0, 0)))
                .hasMessageContaining("--listen: \"300.1.1.1\"");
    }

    @Test
    void aDataDirectoryThatIsAFileIsRefused() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> Preflight.check(Options.onFreePorts(file)))
                .hasMessageContaining("--data-dir: cannot write in " + file);
    }
}
