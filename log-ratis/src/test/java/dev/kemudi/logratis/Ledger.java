package dev.kemudi.logratis;

import dev.kemudi.log.LogEntry;
import dev.kemudi.log.Standing;
import dev.kemudi.log.StateMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A machine that writes down what it is given, in order. Its answer is the command's place and a
 * sum over all that came before, so any difference between members shows.
 */
final class Ledger implements StateMachine<String> {
    private final List<Line> lines = new ArrayList<>();
    private final List<Standing> standings = new ArrayList<>();
    private long sum;
    private long index;
    private long term;
    private long timeMillis;
    private long durableIndex;
    private int durableLines;
    private int largestBatch;
    private int installs;
    private volatile @Nullable RuntimeException broken;

    record Line(long index, long term, long timeMillis, String trace, String text, long sum) {}

    /** What a machine finds after its process ended: what was flushed. */
    synchronized Ledger restarted() {
        Ledger next = new Ledger();
        lines.subList(0, durableLines).forEach(next::take);
        next.durableIndex = durableIndex;
        next.durableLines = durableLines;
        return next;
    }

    private void take(Line line) {
        lines.add(line);
        sum = line.sum();
        index = line.index();
        term = line.term();
        timeMillis = line.timeMillis();
    }

    static byte[] command(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    synchronized List<Line> lines() {
        return List.copyOf(lines);
    }

    synchronized int size() {
        return lines.size();
    }

    synchronized List<String> texts() {
        return lines.stream().map(Line::text).toList();
    }

    synchronized int largestBatch() {
        return largestBatch;
    }

    synchronized int installs() {
        return installs;
    }

    synchronized List<Standing> standings() {
        return List.copyOf(standings);
    }

    void breakWith(RuntimeException e) {
        broken = e;
    }

    @Override
    public synchronized long durableIndex() {
        return durableIndex;
    }

    @Override
    public synchronized List<String> apply(List<LogEntry> entries) {
        RuntimeException planted = broken;
        if (planted != null) {
            throw planted;
        }
        largestBatch = Math.max(largestBatch, entries.size());
        List<String> answers = new ArrayList<>();
        long first = entries.getFirst().index();
        if (first <= index) {
            throw new IllegalStateException("entry %d again after %d".formatted(first, index));
        }
        for (LogEntry entry : entries) {
            if (entry.index() != first || entry.timeMillis() < timeMillis || entry.term() < term) {
                throw new IllegalStateException("out of order: " + entry);
            }
            CRC32C crc = new CRC32C();
            crc.update(ByteBuffer.allocate(8).putLong(sum).flip());
            crc.update(ByteBuffer.allocate(8).putLong(entry.timeMillis()).flip());
            crc.update(entry.command());
            take(
                    new Line(
                            entry.index(),
                            entry.term(),
                            entry.timeMillis(),
                            entry.traceparent(),
                            new String(entry.command(), StandardCharsets.UTF_8),
                            crc.getValue()));
            answers.add(lines.size() + ":" + sum);
        }
        return answers;
    }

    @Override
    public synchronized void flush() {
        durableIndex = index;
        durableLines = lines.size();
    }

    @Override
    public synchronized long durableTerm() {
        return durableIndex == 0 ? 0 : lines.get(durableLines - 1).term();
    }

    @Override
    public synchronized Copied checkpoint(Path directory) throws IOException {
        Files.createDirectories(directory.resolve("part"));
        StringBuilder text = new StringBuilder();
        for (Line line : lines) {
            text.append(
                    "%d\t%d\t%d\t%s\t%s\t%d%n"
                            .formatted(
                                    line.index(),
                                    line.term(),
                                    line.timeMillis(),
                                    line.trace(),
                                    line.text(),
                                    line.sum()));
        }
        Files.writeString(directory.resolve("part").resolve("lines"), text);
        Files.writeString(directory.resolve("empty"), "");
        flush();
        return new Copied(index, term);
    }

    @Override
    public synchronized void install(Path directory) {
        lines.clear();
        sum = 0;
        index = 0;
        try {
            List<String> names;
            try (var found = Files.walk(directory)) {
                names = found.filter(Files::isRegularFile).map(f -> f.getFileName() + "").toList();
            }
            if (names.size() != 2) {
                throw new IllegalStateException("expected what was copied, found " + names);
            }
            for (String line : Files.readAllLines(directory.resolve("part").resolve("lines"))) {
                String[] part = line.split("\t", -1);
                take(
                        new Line(
                                Long.parseLong(part[0]),
                                Long.parseLong(part[1]),
                                Long.parseLong(part[2]),
                                part[3],
                                part[4],
                                Long.parseLong(part[5])));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        installs++;
        flush();
    }

    @Override
    public byte[] answer(byte[] question) {
        return ("the leader heard " + new String(question, StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public synchronized void standingChanged(Standing now) {
        standings.add(now);
    }
}
