package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.AlarmMember;
import dev.kemudi.etcd.proto.AlarmType;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Area;
import dev.kemudi.store.AreaChange;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.Store;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * What is wrong, and with whom: the area "alarms", a row {@code TYPE/MEMBER} for each. An alarm
 * stands until somebody takes it back. Safe for use by many threads.
 */
final class Alarms {
    static final String AREA = "alarms";
    private static final int RETRIES_MAX = 100;

    private final Store store;
    private final long quotaBytes;
    private volatile List<AlarmMember> standing = List.of();
    private volatile boolean full;
    private volatile boolean corrupt;

    /**
     * @param quotaBytes what keys and retained revisions may weigh; 0: as much as the disk holds
     */
    Alarms(Store store, long quotaBytes) {
        this.store = store;
        this.quotaBytes = quotaBytes;
    }

    static List<AlarmMember> of(Area now) {
        List<AlarmMember> members = new ArrayList<>();
        for (Bytes row : now.rows().keySet()) {
            String[] parts = new String(row.array(), StandardCharsets.UTF_8).split("/");
            members.add(
                    AlarmMember.newBuilder()
                            .setAlarm(AlarmType.valueOf(parts[0]))
                            .setMemberID(Long.parseUnsignedLong(parts[1], 16))
                            .build());
        }
        return List.copyOf(members);
    }

    /** Called on the applier's thread. */
    void changed(Area now) {
        List<AlarmMember> members = of(now);
        standing = members;
        full = members.stream().anyMatch(alarm -> alarm.getAlarm() == AlarmType.NOSPACE);
        corrupt = members.stream().anyMatch(alarm -> alarm.getAlarm() == AlarmType.CORRUPT);
    }

    List<AlarmMember> standing() {
        return standing;
    }

    boolean isCorrupt() {
        return corrupt;
    }

    /** Fails with what the client of a write is told then. */
    <T> CompletableFuture<T> corrupt() {
        return CompletableFuture.failedFuture(Errors.CORRUPT.asRuntimeException());
    }

    /** Whether there is no room for {@code bytes} more. */
    boolean isFull(int bytes) {
        return full || quotaBytes > 0 && store.bytesInUse() + bytes > quotaBytes;
    }

    /** Fails with what the client is told; by then the alarm stands. */
    <T> CompletableFuture<T> noSpace() {
        CompletableFuture<Void> raised =
                full
                        ? CompletableFuture.completedFuture(null)
                        : change(row(AlarmType.NOSPACE, self()), true, RETRIES_MAX);
        return raised.thenApply(_ -> {
            throw Errors.NO_SPACE.asRuntimeException();
        });
    }

    private long self() {
        return store.membership().self();
    }

    private static Bytes row(AlarmType type, long member) {
        return Bytes.utf8(type.name() + "/" + Long.toHexString(member));
    }

    /**
     * Raises an alarm. Blocks.
     *
     * @return the alarms that were raised by it
     */
    List<AlarmMember> raise(AlarmType type, long member) {
        Errors.await(change(row(type, member), true, RETRIES_MAX));
        return List.of(AlarmMember.newBuilder().setAlarm(type).setMemberID(member).build());
    }

    /**
     * Takes alarms back. Blocks.
     *
     * @return those that stood
     */
    List<AlarmMember> disarm(AlarmType type, long member) {
        Bytes row = row(type, member);
        boolean stood = store.area(AREA).rows().containsKey(row);
        Errors.await(change(row, false, RETRIES_MAX));
        return stood
                ? List.of(AlarmMember.newBuilder().setAlarm(type).setMemberID(member).build())
                : List.of();
    }

    private CompletableFuture<Void> change(Bytes row, boolean stands, int retries) {
        Area now = store.area(AREA);
        if (now.rows().containsKey(row) == stands) {
            return CompletableFuture.completedFuture(null);
        }
        Optional<Bytes> value = stands ? Optional.of(Bytes.utf8("1")) : Optional.empty();
        return store.change(new AreaChange(AREA, now.revision(), Map.of(row, value)))
                .thenCompose(answer -> {
                    boolean stale =
                            answer instanceof Answer.Refused refused
                                    && refused.reason() == Answer.Reason.GUARD_STALE;
                    if (stale && retries > 0) {
                        return change(row, stands, retries - 1);
                    }
                    Errors.expect(answer, Answer.AreaChanged.class);
                    return CompletableFuture.completedFuture(null);
                });
    }
}
