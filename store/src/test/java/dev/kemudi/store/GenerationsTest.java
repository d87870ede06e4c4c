package dev.kemudi.store;

import static dev.kemudi.store.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.log.LogEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerationsTest {
    @TempDir Path directory;

    @SuppressWarnings("NullAway.Init") // made before each test
    private Path copy;

    private Generations open(Path root) throws IOException {
        return Generations.open(root, path -> RocksBackend.open(path, CrashWriter.limits()));
    }

    private static void put(Backend backend, long index, String value) {
        Op.Put put = Op.Put.of(Bytes.utf8("k"), Bytes.utf8(value));
        byte[] command = new Command.Apply(put).encode();
        new Machine(backend, outcome -> {}).apply(List.of(new LogEntry(index, 3, 0, "", command)));
    }

    private static String value(Rows rows) {
        return Reader.newest(rows, Bytes.utf8("k")).orElseThrow().value().toString();
    }

    /** A copy of a store in which entry 7 wrote "new". */
    @BeforeEach
    void makeCopy() throws IOException {
        copy = directory.resolve("copy");
        try (Generations source = open(directory.resolve("source"))) {
            put(source, 7, "new");
            assertThat(source.copyTo(copy).index()).isEqualTo(7);
        }
    }

    @Test
    void anInstalledStateIsTheOneThatIsOpenedNext() throws IOException {
        Path root = directory.resolve("root");
        try (Generations state = open(root)) {
            put(state, 1, "old");
            for (int i = 0; i < 3; i++) {
                state.install(copy);
                assertThat(state.durable()).isEqualTo(new Mark(7, 3, 2, 0, 0));
            }
            put(state, 8, "newer");
            try (View view = state.view()) {
                assertThat(value(view)).isEqualTo("newer");
            }
            state.flush();
        }
        try (Generations state = open(root);
                View view = state.view()) {
            assertThat(value(view)).isEqualTo("newer");
            assertThat(Files.readString(root.resolve("state.current"))).isEqualTo("state.3\n");
        }
    }

    @Test
    void aGenerationThatIsStillReadIsKeptUntilItIsNot() throws IOException {
        Path root = directory.resolve("root");
        try (Generations state = open(root)) {
            put(state, 1, "old");
            try (View before = state.view()) {
                state.install(copy);
                assertThat(value(before)).isEqualTo("old");
                assertThat(root.resolve("state")).exists();
            }
            eventually(() -> assertThat(root.resolve("state")).doesNotExist());
        }
    }

    @Test
    void aCopyThatCannotBeOpenedChangesNothing() throws IOException {
        Path root = directory.resolve("root");
        Files.writeString(copy.resolve("CURRENT"), "MANIFEST-999999\n");
        try (Generations state = open(root)) {
            put(state, 1, "old");
            assertThatThrownBy(() -> state.install(copy)).isInstanceOf(IOException.class);
            put(state, 2, "older");
            state.flush();
        }
        try (Generations state = open(root);
                View view = state.view()) {
            assertThat(value(view)).isEqualTo("older");
        }
    }

    @Test
    void whatACrashLeftOfAnInstallIsDeletedAtTheNextStart() throws IOException {
        Path root = directory.resolve("root");
        try (Generations state = open(root)) {
            put(state, 1, "old");
            state.flush();
        }
        // As it is after the folder was made and before the name was moved; and a torn name.
        Files.createDirectories(root.resolve("state.1"));
        Files.copy(copy.resolve("CURRENT"), root.resolve("state.1").resolve("CURRENT"));
        Files.writeString(root.resolve("state.current.new"), "sta");
        try (Generations state = open(root);
                View view = state.view()) {
            assertThat(value(view)).isEqualTo("old");
            assertThat(root.resolve("state.1")).doesNotExist();
        }
    }

    @Test
    void theCopyItselfIsNotTouched() throws IOException {
        try (Generations state = open(directory.resolve("root"))) {
            state.install(copy);
            for (int i = 8; i < 2_000; i++) {
                put(state, i, "later" + i);
            }
            state.flush();
        }
        try (Generations other = open(directory.resolve("other"))) {
            other.install(copy);
            try (View view = other.view()) {
                assertThat(value(view)).isEqualTo("new");
            }
        }
    }
}
