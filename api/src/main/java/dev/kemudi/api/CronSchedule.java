package dev.kemudi.api;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * When a CronJob runs: five fields (minute, hour, day of month, month, day of week) with lists,
 * ranges, steps and names, or {@code @hourly} and its like, or {@code @every 90m}. Immutable.
 *
 * <p>When both days are restricted, either is enough, as in Vixie's cron. An hour that daylight
 * saving skips has no runs, one that comes twice has its runs twice. Source: Kubernetes' "CronJob"
 * schedule syntax.
 */
public final class CronSchedule {
    /** Longer texts are attacks or accidents. */
    private static final int TEXT_LENGTH_MAX = 256;

    /** A date such as 30 February never comes. */
    private static final int YEARS_MAX = 5;

    private static final Map<String, String> DESCRIPTORS =
            Map.of(
                    "@yearly", "0 0 1 1 *",
                    "@annually", "0 0 1 1 *",
                    "@monthly", "0 0 1 * *",
                    "@weekly", "0 0 * * 0",
                    "@daily", "0 0 * * *",
                    "@midnight", "0 0 * * *",
                    "@hourly", "0 * * * *");
    private static final List<String> MONTHS =
            List.of("jan feb mar apr may jun jul aug sep oct nov dec".split(" "));
    private static final List<String> DAYS = List.of("sun mon tue wed thu fri sat".split(" "));
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final String EVERY = "@every ";
    private static final Pattern EVERY_PART = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(h|m|s)");

    /** The values of one field as bits. */
    private record Field(long bits, boolean any) {
        boolean has(int value) {
            return (bits & (1L << value)) != 0;
        }
    }

    private final Field minutes;
    private final Field hours;
    private final Field daysOfMonth;
    private final Field months;
    private final Field daysOfWeek;
    private final Duration every;

    private CronSchedule(List<Field> fields, Duration every) {
        minutes = fields.get(0);
        hours = fields.get(1);
        daysOfMonth = fields.get(2);
        months = fields.get(3);
        daysOfWeek = fields.get(4);
        this.every = every;
    }

    /**
     * Reads a schedule.
     *
     * @throws IllegalArgumentException when {@code text} is not one; the message names the field
     *     that is wrong
     */
    public static CronSchedule parse(String text) {
        if (text.length() > TEXT_LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "expected at most %d characters, found %d"
                            .formatted(TEXT_LENGTH_MAX, text.length()));
        }
        if (text.startsWith(EVERY)) {
            Field none = new Field(0, false);
            return new CronSchedule(List.of(none, none, none, none, none), every(text));
        }
        String spec = text;
        if (text.startsWith("@")) {
            spec = DESCRIPTORS.getOrDefault(text, "");
            if (spec.isEmpty()) {
                throw new IllegalArgumentException("unrecognized descriptor: " + text);
            }
        }
        String[] fields = spec.strip().split("\\s+");
        if (fields.length != 5 || fields[0].isEmpty()) {
            throw new IllegalArgumentException(
                    "expected exactly 5 fields, found %d: %s"
                            .formatted(fields[0].isEmpty() ? 0 : fields.length, text));
        }
        return new CronSchedule(
                List.of(
                        field("minute", fields[0], 0, 59, List.of()),
                        field("hour", fields[1], 0, 23, List.of()),
                        field("day of month", fields[2], 1, 31, List.of()),
                        field("month", fields[3], 1, 12, MONTHS),
                        field("day of week", fields[4], 0, 6, DAYS)),
                Duration.ZERO);
    }

    private static Duration every(String text) {
        String period = text.substring(EVERY.length()).strip();
        Matcher parts = EVERY_PART.matcher(period);
        double seconds = 0;
        int end = 0;
        while (parts.find() && parts.start() == end) {
            int unit = parts.group(2).equals("h") ? 3600 : parts.group(2).equals("m") ? 60 : 1;
            seconds += Double.parseDouble(parts.group(1)) * unit;
            end = parts.end();
        }
        if (end == 0 || end != period.length()) {
            throw new IllegalArgumentException("failed to parse duration " + text);
        }
        return Duration.ofSeconds(Math.max(1, (long) seconds));
    }

    private static Field field(String name, String text, int min, int max, List<String> names) {
        long bits = 0;
        boolean any = false;
        for (String part : text.split(",", -1)) {
            String[] stepped = part.split("/", -1);
            if (stepped.length > 2) {
                throw wrong(name, part, "too many slashes");
            }
            boolean all = stepped[0].equals("*") || stepped[0].equals("?");
            String[] ends = stepped[0].split("-", -1);
            if (ends.length > 2) {
                throw wrong(name, part, "too many hyphens");
            }
            int from = all ? min : value(name, part, ends[0], min, names);
            int to = all ? max : ends.length == 2 ? value(name, part, ends[1], min, names) : from;
            int step = stepped.length == 1 ? 1 : number(name, part, stepped[1]);
            if (stepped.length == 2 && ends.length == 1) {
                to = max; // 5/15 is 5-59/15
            }
            check(name, part, from, to, step, min, max);
            any |= all && step == 1;
            for (int value = from; value <= to; value += step) {
                bits |= 1L << value;
            }
        }
        return new Field(bits, any);
    }

    private static void check(
            String name, String part, int from, int to, int step, int min, int max) {
        if (from < min) {
            throw wrong(
                    name, part, "beginning of range (%d) below minimum (%d)".formatted(from, min));
        }
        if (to > max) {
            throw wrong(name, part, "end of range (%d) above maximum (%d)".formatted(to, max));
        }
        if (from > to) {
            throw wrong(
                    name,
                    part,
                    "beginning of range (%d) beyond end of range (%d)".formatted(from, to));
        }
        if (step == 0) {
            throw wrong(name, part, "step of range should be a positive number");
        }
    }

    private static int value(String name, String part, String text, int min, List<String> names) {
        int named = names.indexOf(text.toLowerCase(Locale.ROOT));
        return named >= 0 ? named + min : number(name, part, text);
    }

    private static int number(String name, String part, String text) {
        if (!text.matches("\\d{1,9}")) {
            throw wrong(name, part, "failed to parse int from " + text);
        }
        return Integer.parseInt(text);
    }

    private static IllegalArgumentException wrong(String name, String part, String why) {
        return new IllegalArgumentException("%s: %s: %s".formatted(name, why, part));
    }

    /**
     * An IANA time zone by its name.
     *
     * @throws IllegalArgumentException when there is none, or it is no name but an offset
     */
    public static ZoneId zone(String name) {
        try {
            if (name.equals("UTC") || ZoneId.getAvailableZoneIds().contains(name)) {
                return ZoneId.of(name);
            }
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("unknown time zone " + name, e);
        }
        throw new IllegalArgumentException("unknown time zone " + name);
    }

    /** The first run after {@code instant}; empty when there is none within five years. */
    public Optional<Instant> next(Instant instant, ZoneId zone) {
        if (!every.isZero()) {
            return Optional.of(instant.truncatedTo(ChronoUnit.SECONDS).plus(every));
        }
        ZonedDateTime at = instant.atZone(zone).truncatedTo(ChronoUnit.MINUTES).plusMinutes(1);
        int lastYear = at.getYear() + YEARS_MAX;
        while (at.getYear() <= lastYear) {
            if (!months.has(at.getMonthValue())) {
                at = at.toLocalDate().withDayOfMonth(1).plusMonths(1).atStartOfDay(zone);
            } else if (!dayMatches(at)) {
                at = at.toLocalDate().plusDays(1).atStartOfDay(zone);
            } else if (!hours.has(at.getHour())) {
                at = at.plusMinutes(60L - at.getMinute());
            } else if (!minutes.has(at.getMinute())) {
                at = at.plusMinutes(1);
            } else {
                return Optional.of(at.toInstant());
            }
        }
        return Optional.empty();
    }

    /**
     * The newest run after {@code instant} and not after {@code upTo}; found in few steps however
     * many lie between.
     */
    public Optional<Instant> last(Instant instant, Instant upTo, ZoneId zone) {
        Optional<Instant> first = next(instant, zone).filter(run -> !run.isAfter(upTo));
        if (first.isEmpty()) {
            return Optional.empty();
        }
        if (!every.isZero()) {
            long periods = Duration.between(first.get(), upTo).dividedBy(every);
            return Optional.of(first.get().plus(every.multipliedBy(periods)));
        }
        Instant end = upTo;
        while (true) {
            Duration back = MINUTE;
            Optional<Instant> run = within(end.minus(back), end, zone);
            while (run.isEmpty()) {
                back = back.multipliedBy(2);
                run = within(end.minus(back), end, zone);
            }
            if (back.equals(MINUTE)) {
                return run; // a minute holds one run at most
            }
            end = end.minus(back.dividedBy(2)); // nothing lies in the later half
        }
    }

    private Optional<Instant> within(Instant after, Instant upTo, ZoneId zone) {
        return next(after, zone).filter(run -> !run.isAfter(upTo));
    }

    private boolean dayMatches(ZonedDateTime at) {
        boolean ofMonth = daysOfMonth.has(at.getDayOfMonth());
        boolean ofWeek = daysOfWeek.has(at.getDayOfWeek().getValue() % 7);
        return daysOfMonth.any || daysOfWeek.any ? ofMonth && ofWeek : ofMonth || ofWeek;
    }
}
