package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.CronSchedule;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/**
 * When a CronJob is due. Moments that were missed while nobody looked are counted, and only the
 * last of them is made up for.
 */
final class CronTimes {
    /** As many as Kubernetes counts before it thinks that a clock is wrong. */
    private static final int MISSED_MAX = 100;

    private static final Duration MARGIN = Duration.ofMillis(100);

    private final CronSchedule schedule;
    private final ZoneId zone;
    private final ApiObject cronJob;
    private final Instant now;

    /**
     * @throws IllegalArgumentException when schedule or time zone mean nothing
     */
    CronTimes(ApiObject cronJob, Instant now) {
        this.cronJob = cronJob;
        this.now = now;
        this.schedule = CronSchedule.parse(cronJob.text("/spec/schedule"));
        JsonNode zoneName = cronJob.at("/spec/timeZone");
        this.zone = zoneName.isTextual() ? CronSchedule.zone(zoneName.asText()) : ZoneOffset.UTC;
    }

    /**
     * The newest moment that is due and not served.
     *
     * @param tooMany whether so many were missed that a clock or the schedule must be wrong
     */
    record Due(Instant at, boolean tooMany) {}

    Optional<Due> due() {
        Instant from = lastServed();
        JsonNode deadline = cronJob.at("/spec/startingDeadlineSeconds");
        if (deadline.isNumber()) {
            Instant earliest = now.minusSeconds(deadline.asLong());
            from = earliest.isAfter(from) ? earliest : from;
        }
        Optional<Instant> first = schedule.next(from, zone).filter(at -> !at.isAfter(now));
        if (first.isEmpty()) {
            return Optional.empty();
        }
        int missed = 1;
        for (Optional<Instant> next = schedule.next(first.get(), zone);
                next.isPresent() && !next.get().isAfter(now) && missed <= MISSED_MAX;
                next = schedule.next(next.get(), zone)) {
            missed++;
        }
        boolean tooMany = missed > MISSED_MAX;
        return schedule.last(from, now, zone).map(at -> new Due(at, tooMany));
    }

    private Instant lastServed() {
        String last = cronJob.text("/status/lastScheduleTime");
        return last.isEmpty() ? cronJob.creationTimestamp().orElse(now) : Instant.parse(last);
    }

    boolean tooLate(Instant due) {
        JsonNode deadline = cronJob.at("/spec/startingDeadlineSeconds");
        return deadline.isNumber() && due.plusSeconds(deadline.asLong()).isBefore(now);
    }

    boolean served(Instant due) {
        return cronJob.text("/status/lastScheduleTime").equals(due.toString());
    }

    /** Until the next moment, and a little more, for clocks are not exact. */
    Optional<Long> millisToNext() {
        return schedule.next(now, zone)
                .map(next -> Duration.between(now, next).plus(MARGIN).toMillis());
    }

    /** As the job's annotation writes it: in the schedule's own zone. */
    String inZone(Instant due) {
        return DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(due.atZone(zone));
    }
}
