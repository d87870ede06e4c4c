package dev.kemudi.apiserver;

import dev.kemudi.admission.Attributes.Feedback;
import java.util.List;

/**
 * How a write is to be done.
 *
 * @param user who writes
 * @param manager who owns the fields that are written
 * @param force whether apply takes fields that others own
 * @param applying whether managedFields have been settled by server-side apply
 * @param feedback hears what the client and the audit log should know besides the answer
 */
record WriteOptions(
        User user,
        String manager,
        boolean dryRun,
        Validation validation,
        boolean force,
        boolean applying,
        Feedback feedback) {
    /** What to do with fields that the schema does not know. */
    enum Validation {
        IGNORE,
        WARN,
        STRICT
    }

    /** Of a part of this process, which may do everything. */
    static WriteOptions of(String manager) {
        User user = new User(manager, List.of(User.MASTERS));
        return new WriteOptions(
                user, manager, false, Validation.IGNORE, false, false, Feedback.NONE);
    }

    WriteOptions forced(boolean value) {
        return new WriteOptions(user, manager, dryRun, validation, value, applying, feedback);
    }

    WriteOptions by(User other) {
        return new WriteOptions(other, manager, dryRun, validation, force, applying, feedback);
    }

    WriteOptions forDryRun(boolean value) {
        return new WriteOptions(user, manager, value, validation, force, applying, feedback);
    }

    WriteOptions asApply() {
        return new WriteOptions(user, manager, dryRun, validation, force, true, feedback);
    }
}
