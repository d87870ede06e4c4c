package dev.kemudi.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.LayoutBase;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.LoggerFactory;

/** A line as etcd writes it: what reads etcd's output by line, or as JSON, can read ours. */
final class EtcdLine extends LayoutBase<ILoggingEvent> {
    /** The names under which etcd's own parts speak. */
    private static final List<String> SPEAKERS =
            List.of("dev.kemudi", "etcdmain", "embed", "etcdserver", "etcdserver/api");

    private static final Map<String, Level> LEVELS =
            Map.of(
                    "debug", Level.DEBUG,
                    "info", Level.INFO,
                    "warn", Level.WARN,
                    "error", Level.ERROR,
                    "panic", Level.ERROR,
                    "fatal", Level.ERROR);

    private final boolean json;
    private final DateTimeFormatter clock;

    private EtcdLine(boolean json) {
        this.json = json;
        this.clock =
                DateTimeFormatter.ofPattern(
                                json ? "yyyy-MM-dd'T'HH:mm:ss.SSSXX" : "yyyy-MM-dd HH:mm:ss.SSSSSS")
                        .withZone(ZoneId.systemDefault());
    }

    /** Lets this process speak as {@code --logger}, {@code --log-outputs} and the level say. */
    static void speak(EtcdSettings settings) {
        String logger = settings.text("logger");
        if (!logger.equals("zap") && !logger.equals("capnslog")) {
            throw new UsageException(
                    "invalid value \"%s\" for flag --logger: expected zap or capnslog"
                            .formatted(logger));
        }
        Level level = LEVELS.get(settings.text("log-level").toLowerCase(Locale.ROOT));
        if (level == null) {
            throw new UsageException(
                    "invalid value \"%s\" for flag --log-level: expected debug, info, warn or error"
                            .formatted(settings.text("log-level")));
        }
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return;
        }
        context.reset();
        var root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        String outputs =
                settings.has("log-outputs")
                        ? settings.text("log-outputs")
                        : settings.text("log-output");
        for (String output : outputs.split(",")) {
            root.addAppender(appender(output.strip(), logger.equals("zap"), context));
        }
        Level spoken = settings.isOn("debug") ? Level.DEBUG : level;
        SPEAKERS.forEach(name -> context.getLogger(name).setLevel(spoken));
    }

    private static OutputStreamAppender<ILoggingEvent> appender(
            String output, boolean json, LoggerContext context) {
        OutputStreamAppender<ILoggingEvent> appender;
        if (output.equals("stdout") || output.equals("stderr") || output.equals("default")) {
            ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
            console.setTarget(output.equals("stdout") ? "System.out" : "System.err");
            appender = console;
        } else {
            FileAppender<ILoggingEvent> file = new FileAppender<>();
            file.setFile(output);
            appender = file;
        }
        EtcdLine line = new EtcdLine(json);
        line.setContext(context);
        line.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setLayout(line);
        encoder.start();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        String name = event.getLoggerName();
        String caller = name.startsWith("dev.") ? name.substring(name.lastIndexOf('.') + 1) : name;
        String at = clock.format(Instant.ofEpochMilli(event.getTimeStamp()));
        StringBuilder text = new StringBuilder(event.getFormattedMessage());
        if (event.getThrowableProxy() != null) {
            text.append('\n').append(ThrowableProxyUtil.asString(event.getThrowableProxy()));
        }
        if (!json) {
            return "%s %c | %s: %s%n"
                    .formatted(at, event.getLevel().levelStr.charAt(0), caller, text);
        }
        return "{\"level\":\"%s\",\"ts\":\"%s\",\"caller\":\"%s\",\"msg\":\"%s\"}%n"
                .formatted(
                        event.getLevel().levelStr.toLowerCase(Locale.ROOT),
                        at,
                        caller,
                        new String(JsonStringEncoder.getInstance().quoteAsString(text)));
    }
}
