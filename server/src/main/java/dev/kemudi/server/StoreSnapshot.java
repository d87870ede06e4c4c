package dev.kemudi.server;

import dev.kemudi.bolt.EtcdSnapshotReader;
import dev.kemudi.bolt.Limits;
import dev.kemudi.etcd.proto.SnapshotRequest;
import dev.kemudi.etcd.proto.SnapshotResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "snapshot",
        description =
                "Copies everything to a file while the store serves, in etcd's own format: kemudi"
                        + " store restore and etcdctl snapshot restore both read it.")
final class StoreSnapshot implements Callable<Integer> {
    @CommandLine.Mixin private StoreTalk talk = new StoreTalk();

    @Parameters(paramLabel = "FILE", description = "Where to; replaced when the copy is whole.")
    private Path file = Path.of("");

    @Override
    public Integer call() {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try (StoreClient client = talk.connect()) {
            long bytes = client.ask(client.address(), () -> copy(client, part));
            long revision = revision(part);
            Files.move(
                    part,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            talk.print(
                    talk.row()
                            .put("file", file.toString())
                            .put("bytes", bytes)
                            .put("revision", revision),
                    "%s: %d bytes up to revision %d, checksum verified"
                            .formatted(file, bytes, revision));
        } catch (IOException e) {
            throw new FailedException("cannot write %s (%s)".formatted(file, e), e);
        } finally {
            part.toFile().delete();
        }
        return 0;
    }

    /** Compares the checksum on the way. */
    private static long revision(Path part) throws IOException {
        try (EtcdSnapshotReader reader =
                EtcdSnapshotReader.open(
                        part, EtcdSnapshotReader.Checksum.REQUIRED, Limits.defaults())) {
            return reader.revision();
        }
    }

    private static long copy(StoreClient client, Path part) {
        try (FileChannel channel =
                FileChannel.open(
                        part,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            Iterator<SnapshotResponse> pieces =
                    client.stream(client.address()).snapshot(SnapshotRequest.getDefaultInstance());
            while (pieces.hasNext()) {
                ByteBuffer piece = pieces.next().getBlob().asReadOnlyByteBuffer();
                while (piece.hasRemaining()) {
                    channel.write(piece);
                }
            }
            channel.force(true);
            return channel.size();
        } catch (IOException e) {
            throw new FailedException("cannot write %s (%s)".formatted(part, e), e);
        }
    }
}
