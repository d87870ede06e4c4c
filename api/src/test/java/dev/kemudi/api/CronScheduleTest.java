package dev.kemudi.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CronScheduleTest {
    private static final ZoneId NEW_YORK = CronSchedule.zone("America/New_York");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* * * * *        | 2026-01-01T00:00:30Z | 2026-01-01T00:01:00Z",
                "*/15 * * * *     | 2026-01-01T00:15:00Z | 2026-01-01T00:30:00Z",
                "5/15 * * * *     | 2026-01-01T00:06:00Z | 2026-01-01T00:20:00Z",
                "0 0 * * *        | 2026-01-31T00:00:00Z | 2026-02-01T00:00:00Z",
                "0 22 * * 1-5     | 2026-01-02T22:00:00Z | 2026-01-05T22:00:00Z",
                "0 9 * * mon,FRI  | 2026-01-01T00:00:00Z | 2026-01-02T09:00:00Z",
                "30 4 1,15 * 5    | 2026-01-03T00:00:00Z | 2026-01-09T04:30:00Z",
                "0 0 1 * 1        | 2026-01-02T00:00:00Z | 2026-01-05T00:00:00Z",
                "0 0 ? * 1        | 2026-01-02T00:00:00Z | 2026-01-05T00:00:00Z",
                "0 0 29 2 *       | 2026-01-01T00:00:00Z | 2028-02-29T00:00:00Z",
                "0 0 1 jan-mar/2 *| 2026-01-01T00:00:00Z | 2026-03-01T00:00:00Z",
                "@hourly          | 2026-01-01T00:00:01Z | 2026-01-01T01:00:00Z",
                "@weekly          | 2026-01-01T00:00:00Z | 2026-01-04T00:00:00Z",
                "@yearly          | 2026-01-01T00:00:00Z | 2027-01-01T00:00:00Z",
                "@every 1h30m     | 2026-01-01T00:00:00Z | 2026-01-01T01:30:00Z",
            })
    void theNextRunIsTheFirstThatTheFieldsAllow(String schedule, Instant after, Instant next) {
        assertThat(CronSchedule.parse(schedule).next(after, ZoneOffset.UTC)).contains(next);
    }

    @Test
    void aDayThatNeverComesHasNoNextRun() {
        assertThat(CronSchedule.parse("0 0 30 2 *").next(Instant.EPOCH, ZoneOffset.UTC)).isEmpty();
    }

    @Test
    void anHourThatIsSkippedHasNoRunAndOneThatComesTwiceHasTwo() {
        CronSchedule schedule = CronSchedule.parse("30 2 * * *");
        Instant beforeTheLeap = ZonedDateTime.parse("2026-03-08T00:00:00-05:00").toInstant();
        assertThat(schedule.next(beforeTheLeap, NEW_YORK))
                .contains(Instant.parse("2026-03-09T06:30:00Z"));
        CronSchedule early = CronSchedule.parse("30 1 * * *");
        Instant first = Instant.parse("2026-11-01T05:30:00Z");
        assertThat(early.next(Instant.parse("2026-11-01T04:00:00Z"), NEW_YORK)).contains(first);
        assertThat(early.next(first, NEW_YORK)).contains(Instant.parse("2026-11-01T06:30:00Z"));
    }

    /** Against the plainest way there is: try every minute. */
    @Test
    void theNextRunIsTheOneThatTryingEveryMinuteFinds() {
        Random random = new Random(42);
        for (int i = 0; i < 300; i++) {
            String hour = random.nextBoolean() ? "*" : "" + random.nextInt(24);
            String day = random.nextBoolean() ? "*" : "" + (1 + random.nextInt(28));
            String weekday = random.nextBoolean() ? "*" : "" + random.nextInt(7);
            int minute = random.nextInt(60);
            CronSchedule schedule =
                    CronSchedule.parse(minute + " " + hour + " " + day + " * " + weekday);
            Instant after =
                    Instant.parse("2026-01-01T00:00:00Z").plusSeconds(random.nextInt(1 << 25));
            ZonedDateTime at = after.atZone(NEW_YORK).withSecond(0).plusMinutes(1);
            while (!(at.getMinute() == minute
                    && (hour.equals("*") || at.getHour() == Integer.parseInt(hour))
                    && dayFits(at, day, weekday))) {
                at = at.plusMinutes(1);
            }
            assertThat(schedule.next(after, NEW_YORK))
                    .as("%d %s %s * %s after %s", minute, hour, day, weekday, after)
                    .isEqualTo(Optional.of(at.toInstant()));
        }
    }

    @Test
    void theLastRunIsTheOneThatGoingThroughAllFinds() {
        Random random = new Random(7);
        List<String> schedules =
                List.of(
                        "*/7 * * * *",
                        "* 3 * * *",
                        "0 0 1 * *",
                        "15,45 9-17 * * 1-5",
                        "@every 95m");
        for (int i = 0; i < 200; i++) {
            CronSchedule schedule = CronSchedule.parse(schedules.get(i % schedules.size()));
            Instant after =
                    Instant.parse("2026-01-01T00:00:00Z").plusSeconds(random.nextInt(1 << 24));
            Instant upTo = after.plusSeconds(random.nextInt(1 << 22));
            Optional<Instant> expected = Optional.empty();
            for (Optional<Instant> run = schedule.next(after, NEW_YORK);
                    run.isPresent() && !run.get().isAfter(upTo);
                    run = schedule.next(run.get(), NEW_YORK)) {
                expected = run;
            }
            assertThat(schedule.last(after, upTo, NEW_YORK)).isEqualTo(expected);
        }
        Instant longAgo = Instant.EPOCH;
        Instant now = Instant.parse("2026-06-30T12:00:30Z");
        assertThat(CronSchedule.parse("* * * 1 *").last(longAgo, now, ZoneOffset.UTC))
                .contains(Instant.parse("2026-01-31T23:59:00Z"));
        assertThat(CronSchedule.parse("@every 1s").last(longAgo, now, ZoneOffset.UTC))
                .contains(now);
    }

    private static boolean dayFits(ZonedDateTime at, String day, String weekday) {
        List<Boolean> fits = new ArrayList<>();
        if (!day.equals("*")) {
            fits.add(at.getDayOfMonth() == Integer.parseInt(day));
        }
        if (!weekday.equals("*")) {
            fits.add(at.getDayOfWeek().getValue() % 7 == Integer.parseInt(weekday));
        }
        return fits.isEmpty() || fits.contains(true);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "* * * *",
                "* * * * * *",
                "60 * * * *",
                "* 24 * * *",
                "* * 0 * *",
                "* * * 13 *",
                "* * * * 7",
                "5-1 * * * *",
                "*/0 * * * *",
                "1--2 * * * *",
                "1/2/3 * * * *",
                "x * * * *",
                "-1 * * * *",
                "1, * * * *",
                "@sometimes",
                "@every",
                "@every soon",
                "99999999999 * * * *"
            })
    void whatIsNoScheduleIsRefusedWithAReason(String text) {
        assertThatThrownBy(() -> CronSchedule.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .isNotBlank();
    }

    @Test
    void onlyNamedZonesAreZones() {
        assertThat(CronSchedule.zone("Etc/UTC").getId()).isEqualTo("Etc/UTC");
        for (String name : List.of("Mars/Phobos", "+02:00", "GMT+2", "")) {
            assertThatThrownBy(() -> CronSchedule.zone(name))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("unknown time zone " + name);
        }
    }
}
