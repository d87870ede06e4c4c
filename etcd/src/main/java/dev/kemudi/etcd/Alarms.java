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
     * @param quotaBytes what the data may take on disk; 0: as much as there is
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

    void refuseIfCorrupt() {
        if (corrupt) {
            throw Errors.CORRUPT.asRuntimeException();
        }
    }

    /** Before {@code bytes} more are stored. */
    void refuseIfFull(int bytes) {
        refuseIfCorrupt();
        if (full) {
            throw Errors.NO_SPACE.asRuntimeException();
        }
        if (quotaBytes > 0 && store.stats().bytesOnDisk() + bytes > quotaBytes) {
            change(row(AlarmType.NOSPACE, self()), true);
            throw Errors.NO_SPACE.asRuntimeException();
        }
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
        change(row(type, member), true);
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
        change(row, false);
        return stood
                ? List.of(AlarmMember.newBuilder().setAlarm(type).setMemberID(member).build())
                : List.of();
    }

    private void change(Bytes row, boolean stands) {
        for (int i = 0; i < RETRIES_MAX; i++) {
            Area now = store.area(AREA);
            if (now.rows().containsKey(row) == stands) {
                return;
            }
            Optional<Bytes> value = stands ? Optional.of(Bytes.utf8("1")) : Optional.empty();
            Answer answer =
                    Errors.await(
                            store.change(new AreaChange(AREA, now.revision(), Map.of(row, value))));
            if (!(answer instanceof Answer.Refused refused)
                    || refused.reason() != Answer.Reason.GUARD_STALE) {
                Errors.expect(answer, Answer.AreaChanged.class);
                return;
            }
        }
        throw Errors.TOO_MANY.asRuntimeException();
    }
}
