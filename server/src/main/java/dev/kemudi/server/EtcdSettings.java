package dev.kemudi.server;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * What was given to etcd's command, by flags before environment, or by a configuration file alone:
 * as in etcd. Every value has been checked to be of its flag's kind.
 *
 * @param given the values that were given, by flag
 * @param remarks one line for each thing the operator should know and need not act on
 */
record EtcdSettings(Map<String, String> given, List<String> remarks) {
    private static final Pattern DURATION_PART =
            Pattern.compile("(\\d+(?:\\.\\d+)?)(ns|us|µs|ms|s|m|h)");
    private static final int CONFIG_BYTES_MAX = 1_048_576;

    /**
     * @throws UsageException naming the flag, what was expected and what came
     */
    static EtcdSettings read(List<String> arguments, Map<String, String> environment) {
        Map<String, String> flags = flags(arguments);
        List<String> remarks = new ArrayList<>();
        String file =
                flags.getOrDefault("config-file", environment.getOrDefault("ETCD_CONFIG_FILE", ""));
        Map<String, String> given;
        if (file.isEmpty()) {
            given = new LinkedHashMap<>(environment(environment, remarks));
            given.putAll(flags);
        } else {
            given = configFile(Path.of(file));
        }
        given.forEach((name, value) -> check(flag(name), value, remarks));
        return new EtcdSettings(Map.copyOf(given), List.copyOf(remarks));
    }

    private static Map<String, String> flags(List<String> arguments) {
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.length() < 2 || !argument.startsWith("-")) {
                throw new UsageException(
                        "'%s' is not a valid flag; see etcd --help".formatted(argument));
            }
            String flagged = argument.substring(argument.startsWith("--") ? 2 : 1);
            int equals = flagged.indexOf('=');
            EtcdFlag flag = flag(equals < 0 ? flagged : flagged.substring(0, equals));
            if (equals >= 0) {
                values.put(flag.name(), flagged.substring(equals + 1));
            } else if (flag.kind() == EtcdFlag.Kind.SWITCH) {
                values.put(flag.name(), "true");
            } else if (++i < arguments.size()) {
                values.put(flag.name(), arguments.get(i));
            } else {
                throw new UsageException("flag needs a value: --" + flag.name());
            }
        }
        return values;
    }

    private static EtcdFlag flag(String name) {
        EtcdFlag flag = EtcdFlags.BY_NAME.get(name);
        if (flag == null) {
            throw new UsageException(
                    "flag provided but not defined: --%s; see etcd --help".formatted(name));
        }
        return flag;
    }

    private static Map<String, String> environment(
            Map<String, String> environment, List<String> remarks) {
        Map<String, String> values = new LinkedHashMap<>();
        EtcdFlags.BY_NAME
                .values()
                .forEach(flag -> {
                    String value = environment.getOrDefault(flag.environment(), "");
                    if (!value.isEmpty()) {
                        values.put(flag.name(), value);
                    }
                });
        environment.keySet().stream()
                .filter(name -> name.startsWith("ETCD_") && !name.equals("ETCD_UNSUPPORTED_ARCH"))
                .filter(name ->
                        EtcdFlags.BY_NAME.values().stream()
                                .noneMatch(flag -> flag.environment().equals(name)))
                .sorted()
                .forEach(name -> remarks.add("unrecognized environment variable " + name));
        return values;
    }

    /** etcd's YAML: flags by name, those of TLS in two sections of their own. */
    private static Map<String, String> configFile(Path file) {
        Object tree;
        try {
            if (Files.size(file) > CONFIG_BYTES_MAX) {
                throw new UsageException(
                        "--config-file: %s is larger than %d bytes"
                                .formatted(file, CONFIG_BYTES_MAX));
            }
            tree = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
        } catch (IOException e) {
            throw new UsageException("--config-file: cannot read %s (%s)".formatted(file, e), e);
        } catch (org.snakeyaml.engine.v2.exceptions.YamlEngineException e) {
            throw new UsageException("--config-file: %s: %s".formatted(file, e.getMessage()), e);
        }
        if (!(tree instanceof Map<?, ?> map)) {
            throw new UsageException("--config-file: %s: expected a map of flags".formatted(file));
        }
        Map<String, String> values = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            switch (key.toString()) {
                case "client-transport-security" -> section(value, "", values);
                case "peer-transport-security" -> section(value, "peer-", values);
                default -> put(key.toString(), value, values);
            }
        });
        return values;
    }

    private static void section(Object tree, String prefix, Map<String, String> values) {
        if (tree instanceof Map<?, ?> map) {
            map.forEach((key, value) -> put(prefix + key, value, values));
        }
    }

    private static void put(String name, Object value, Map<String, String> values) {
        if (value instanceof List<?> list) {
            values.put(name, String.join(",", list.stream().map(String::valueOf).toList()));
        } else if (value != null && !value.toString().isEmpty()) {
            values.put(name, value.toString());
        }
    }

    private static void check(EtcdFlag flag, String value, List<String> remarks) {
        boolean fits =
                switch (flag.kind()) {
                    case TEXT, FILE -> true;
                    case SWITCH -> value.equals("true") || value.equals("false");
                    case NUMBER -> value.matches("\\d{1,18}");
                    case DURATION -> duration(value).isPresent();
                    case URLS -> urls(flag, value) != null;
                };
        if (!fits) {
            throw new UsageException(
                    "invalid value \"%s\" for flag --%s: expected %s"
                            .formatted(
                                    value,
                                    flag.name(),
                                    switch (flag.kind()) {
                                        case SWITCH -> "true or false";
                                        case NUMBER -> "a whole number";
                                        case DURATION -> "a duration such as 5m or 300ms";
                                        case TEXT, FILE, URLS -> flag.says();
                                    }));
        }
        if (value.equals(flag.fallback())) {
            return;
        }
        switch (flag.handling()) {
            case USED -> {}
            case IGNORED ->
                    remarks.add("flag --%s is ignored: %s".formatted(flag.name(), flag.says()));
            case REFUSED ->
                    throw new UsageException(
                            "flag --%s=%s is refused: %s"
                                    .formatted(flag.name(), value, flag.says()));
        }
    }

    private static List<URI> urls(EtcdFlag flag, String value) {
        List<URI> urls = new ArrayList<>();
        for (String text : value.isEmpty() ? new String[0] : value.split(",")) {
            urls.add(url("--" + flag.name(), text.strip()));
        }
        return urls;
    }

    /** A URL as etcd takes it: a scheme, a host and a port, no path. */
    static URI url(String where, String text) {
        URI url;
        try {
            url = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new UsageException("%s: \"%s\" is not a URL".formatted(where, text), e);
        }
        String scheme = url.getScheme() == null ? "" : url.getScheme();
        if (scheme.equals("unix") || scheme.equals("unixs")) {
            throw new UsageException(
                    "%s: \"%s\": unix sockets are not served; use http://127.0.0.1:PORT"
                            .formatted(where, text));
        }
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new UsageException(
                    "%s: \"%s\": expected http://HOST:PORT or https://HOST:PORT"
                            .formatted(where, text));
        }
        if (url.getHost() == null || url.getPort() < 0) {
            throw new UsageException(
                    "%s: \"%s\": expected a host and a port, as in %s://localhost:2379"
                            .formatted(where, text, scheme));
        }
        if (url.getPath() != null && url.getPath().length() > 1) {
            throw new UsageException(
                    "%s: \"%s\": a path means nothing here".formatted(where, text));
        }
        return url;
    }

    /** A duration as Go writes it; empty when it is none. */
    static Optional<Duration> duration(String text) {
        if (text.equals("0")) {
            return Optional.of(Duration.ZERO);
        }
        Matcher parts = DURATION_PART.matcher(text);
        double nanos = 0;
        int end = 0;
        while (parts.lookingAt()) {
            nanos += Double.parseDouble(parts.group(1)) * nanosPer(parts.group(2));
            end = parts.end();
            parts.region(end, text.length());
        }
        return end == text.length() && end > 0
                ? Optional.of(Duration.ofNanos((long) nanos))
                : Optional.empty();
    }

    private static double nanosPer(String unit) {
        return switch (unit) {
            case "ns" -> 1;
            case "us", "µs" -> 1e3;
            case "ms" -> 1e6;
            case "s" -> 1e9;
            case "m" -> 60e9;
            default -> 3_600e9;
        };
    }

    boolean has(String name) {
        return given.containsKey(name);
    }

    String text(String name) {
        return given.getOrDefault(name, flag(name).fallback());
    }

    boolean isOn(String name) {
        return Boolean.parseBoolean(text(name));
    }

    long number(String name) {
        return Long.parseLong(text(name));
    }

    Duration span(String name) {
        return duration(text(name)).orElseThrow();
    }

    List<URI> urls(String name) {
        return urls(flag(name), text(name));
    }

    /** What was given separated by commas. */
    List<String> list(String name) {
        return Stream.of(text(name).split(","))
                .map(String::strip)
                .filter(p -> !p.isEmpty())
                .toList();
    }

    /** A file that was named, made absolute; empty when none was. */
    Optional<Path> file(String name) {
        String text = text(name);
        return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text).toAbsolutePath());
    }

    Path dataDirectory() {
        return file("data-dir").orElseGet(() -> Path.of(text("name") + ".etcd").toAbsolutePath());
    }
}
