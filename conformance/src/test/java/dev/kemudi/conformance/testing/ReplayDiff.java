package dev.kemudi.conformance.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The program behind {@code etcd-diff.sh}: plays one session against etcd and against Kemudi and
 * compares the answers field by field. What differs must be explained in the list of known
 * differences, and what is explained there must differ.
 */
final class ReplayDiff {
    private ReplayDiff() {}

    /** Matches {@code STEP :: FIELD :: ETCD :: OURS} anywhere. */
    private record Known(Pattern pattern, String reason) {}

    private record Difference(String step, String field, String etcd, String ours) {
        String text() {
            return step + " :: " + field + " :: " + etcd + " :: " + ours;
        }
    }

    /** Arguments: etcd's address, ours, etcdctl, the list of known differences, sessions. */
    public static void main(String[] arguments) throws Exception {
        List<Known> known = known(Path.of(arguments[3]));
        Map<Known, Integer> used = new LinkedHashMap<>();
        known.forEach(one -> used.put(one, 0));
        List<Difference> unexplained = new ArrayList<>();
        int steps = 0;
        int fields = 0;
        try (Replay etcd = new Replay(arguments[0], arguments[2]);
                Replay ours = new Replay(arguments[1], arguments[2])) {
            for (int i = 4; i < arguments.length; i++) {
                for (String line : Replay.script(Path.of(arguments[i]))) {
                    Replay.Step theirs = etcd.step(line);
                    Replay.Step mine = ours.step(line);
                    alive(theirs, "etcd");
                    alive(mine, "Kemudi");
                    steps++;
                    fields += theirs.fields().size();
                    for (Difference difference : compare(theirs, mine)) {
                        boolean explained = false;
                        for (Known one : known) {
                            if (one.pattern().matcher(difference.text()).find()) {
                                used.merge(one, 1, Integer::sum);
                                explained = true;
                                break;
                            }
                        }
                        if (!explained) {
                            unexplained.add(difference);
                        }
                    }
                }
            }
        }
        used.forEach((one, times) -> say("known %3d x %s", times, one.reason()));
        unexplained.forEach(one -> {
            say("DIFFERS %s", one.step());
            say("   %s: etcd %s, ours %s", one.field(), one.etcd(), one.ours());
        });
        long open =
                used.entrySet().stream()
                        .filter(entry -> entry.getKey().reason().startsWith("open:"))
                        .filter(entry -> entry.getValue() > 0)
                        .count();
        say(
                "%d steps, %d fields compared, %d explained differences (%d causes still open),"
                        + " %d unexplained",
                steps,
                fields,
                used.values().stream().mapToInt(Integer::intValue).sum(),
                open,
                unexplained.size());
        System.exit(unexplained.isEmpty() ? 0 : 1);
    }

    /** A server that dies answers nothing more: the rest of the session would compare silence. */
    private static void alive(Replay.Step step, String server) {
        if ("UNAVAILABLE".equals(step.fields().get("status"))
                && step.fields().getOrDefault("message", "").contains("io exception")) {
            throw new IllegalStateException(server + " is gone after: " + step.line());
        }
    }

    private static void say(String text, Object... arguments) {
        System.out.println(text.formatted(arguments));
    }

    private static List<Difference> compare(Replay.Step etcd, Replay.Step ours) {
        List<Difference> found = new ArrayList<>();
        Set<String> paths = new TreeSet<>(etcd.fields().keySet());
        paths.addAll(ours.fields().keySet());
        for (String path : paths) {
            String theirs = etcd.fields().getOrDefault(path, "(absent)");
            String mine = ours.fields().getOrDefault(path, "(absent)");
            if (!theirs.equals(mine) && !aboutEqual(path, theirs, mine)) {
                found.add(new Difference(etcd.line(), path, theirs, mine));
            }
        }
        return found;
    }

    /** Time goes on between two servers: a lease's rest may differ by a second. */
    private static boolean aboutEqual(String path, String one, String other) {
        if (!path.endsWith("TTL") || !one.matches("\"?\\d+\"?") || !other.matches("\"?\\d+\"?")) {
            return false;
        }
        long difference =
                Long.parseLong(one.replace("\"", "")) - Long.parseLong(other.replace("\"", ""));
        return Math.abs(difference) <= 1;
    }

    /** Lines {@code PATTERN => REASON}. */
    private static List<Known> known(Path file) throws IOException {
        List<Known> known = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.split(" => ", 2);
            if (parts.length < 2 || parts[1].isBlank()) {
                throw new IllegalArgumentException("no reason given: " + line);
            }
            known.add(new Known(Pattern.compile(parts[0].strip()), parts[1].strip()));
        }
        return known;
    }
}
