package dev.kemudi.apiserver;

import java.util.List;
import java.util.function.Consumer;

/**
 * How a write is to be done.
 *
 * @param user who writes
 * @param manager who owns the fields that are written
 * @param force whether apply takes fields that others own
 * @param applying whether managedFields have been settled by server-side apply
 * @param warnings hears what the client should know although the write goes through
 */
record WriteOptions(
        User user,
        String manager,
        boolean dryRun,
        Validation validation,
        boolean force,
        boolean applying,
        Consumer<String> warnings) {
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
                user, manager, false, Validation.IGNORE, false, false, warning -> {});
    }

    WriteOptions forced(boolean value) {
        return new WriteOptions(user, manager, dryRun, validation, value, applying, warnings);
    }

    WriteOptions by(User other) {
        return new WriteOptions(other, manager, dryRun, validation, force, applying, warnings);
    }

    WriteOptions forDryRun(boolean value) {
        return new WriteOptions(user, manager, value, validation, force, applying, warnings);
    }

    WriteOptions asApply() {
        return new WriteOptions(user, manager, dryRun, validation, force, true, warnings);
    }
}
