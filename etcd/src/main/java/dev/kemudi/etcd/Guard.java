package dev.kemudi.etcd;

import dev.kemudi.store.Answer;
import dev.kemudi.store.Area;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.Op;
import dev.kemudi.store.Origin;
import dev.kemudi.store.Store;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/*
 * Permitted here, applied there
 * -----------------------------
 * Permissions are checked at the edge, upon the accounts this node knows, while the write takes effect
 * later and perhaps through another node. So a permitted write carries the revision of the accounts it was
 * permitted under (its Origin); the store refuses it when the accounts moved on meanwhile (GUARD_STALE),
 * and `write` here checks again under the newer ones and retries. A read is checked after its barrier, so
 * that a node that lags cannot permit what the cluster no longer does.
 *
 * A cluster whose accounts were never touched pays one volatile read and one comparison for all this.
 */
/**
 * What stands before every operation: who asks, may they, and is there room. Refusals are thrown as
 * what the client is told, or fail the future. Never blocks; safe for use by many threads.
 */
final class Guard {
    private static final int RETRIES_MAX = 100;

    private final Store store;
    private final Tokens tokens;
    private final boolean certificatesName;
    private final Alarms alarms;
    private volatile Accounts accounts = Accounts.NONE;
    private volatile Area area = new Area(Accounts.AREA, 0, Collections.emptySortedMap());

    /**
     * @param certificatesName whether the common name of a client's certificate names a user
     */
    Guard(Store store, Tokens tokens, boolean certificatesName, Alarms alarms) {
        this.store = store;
        this.tokens = tokens;
        this.certificatesName = certificatesName;
        this.alarms = alarms;
    }

    /** The accounts have changed; reading them is left to those who need them. */
    void changed(Area now) {
        area = now;
    }

    Accounts accounts() {
        Area now = area;
        Accounts known = accounts;
        if (known.areaRevision() != now.revision()) {
            known = Accounts.of(now);
            accounts = known;
        }
        return known;
    }

    /** Whether nobody needs to be asked who they are. */
    boolean isOpen() {
        return area.revision() == 0 || !accounts().enabled();
    }

    /** Who it is; {@code NOBODY} when nothing was shown. */
    Tokens.Identity identify(Credential who) {
        return identify(who, accounts());
    }

    private Tokens.Identity identify(Credential who, Accounts now) {
        if (!who.token().isEmpty()) {
            return tokens.verify(who.token(), now)
                    .orElseThrow(Errors.INVALID_TOKEN::asRuntimeException);
        }
        return certificatesName && !who.commonName().isEmpty()
                ? new Tokens.Identity(who.commonName(), now.revision())
                : Tokens.Identity.NOBODY;
    }

    /** One call's view: who asks, under which accounts. */
    private record Check(Accounts now, Tokens.Identity who) {
        private void known() {
            if (who.revision() == 0) {
                throw Errors.USER_EMPTY.asRuntimeException();
            }
            if (who.revision() < now.revision()) {
                throw Errors.AUTH_OLD_REVISION.asRuntimeException();
            }
        }

        void read(KeyRange range) {
            known();
            if (!now.mayRead(who.user(), range)) {
                throw Errors.PERMISSION_DENIED.asRuntimeException();
            }
        }

        void write(KeyRange range) {
            known();
            if (!now.mayWrite(who.user(), range)) {
                throw Errors.PERMISSION_DENIED.asRuntimeException();
            }
        }

        void op(Op op) {
            switch (op) {
                case Op.Range range -> read(range.range());
                case Op.Put put -> {
                    write(KeyRange.single(put.key()));
                    if (put.prevKv()) {
                        read(KeyRange.single(put.key()));
                    }
                }
                case Op.Delete delete -> {
                    write(delete.range());
                    if (delete.prevKv()) {
                        read(delete.range());
                    }
                }
                case Op.Txn txn -> {
                    txn.compares().forEach(compare -> read(compare.range()));
                    txn.success().forEach(this::op);
                    txn.failure().forEach(this::op);
                }
            }
        }

        /** Whoever may not write the keys of a lease may not decide over it. */
        void leaseKeys(List<Bytes> keys) {
            keys.forEach(key -> write(KeyRange.single(key)));
        }
    }

    private Check check(Credential who) {
        Accounts now = accounts();
        return new Check(now, identify(who, now));
    }

    /** Before keys are read, after the barrier, or watched. */
    void read(Credential who, KeyRange range) {
        if (!isOpen()) {
            check(who).read(range);
        }
    }

    /**
     * Writes if {@code who} may and there is room. When the accounts move on meanwhile it is
     * checked and written again.
     *
     * @param bytes what the request weighs
     * @return as {@link Store#write}
     */
    CompletableFuture<Answer> write(Credential who, Op op, int bytes) {
        if (puts(op) && alarms.isFull(bytes)) {
            return alarms.noSpace();
        }
        return alarms.isCorrupt() && changes(op) ? alarms.corrupt() : checked(who, op, RETRIES_MAX);
    }

    private CompletableFuture<Answer> checked(Credential who, Op op, int retries) {
        if (isOpen()) {
            // Also where no account was ever seen: this node may be the last to hear of the first.
            return retried(store.write(op, origin(area.revision())), who, op, retries);
        }
        Check check = check(who);
        check.op(op);
        Origin origin = origin(check.now().areaRevision());
        long lease = op instanceof Op.Put put ? put.lease() : 0;
        CompletableFuture<Answer> answer =
                lease == 0
                        ? store.write(op, origin)
                        : store.lease(lease)
                                .thenCompose(found -> {
                                    found.ifPresent(known -> check.leaseKeys(known.keys()));
                                    return store.write(op, origin);
                                });
        return retried(answer, who, op, retries);
    }

    private static Origin origin(long revision) {
        return new Origin("", Accounts.AREA, revision);
    }

    private CompletableFuture<Answer> retried(
            CompletableFuture<Answer> answer, Credential who, Op op, int retries) {
        return answer.thenCompose(told ->
                told instanceof Answer.Refused refused
                                && refused.reason() == Answer.Reason.GUARD_STALE
                                && retries > 0
                        ? checked(who, op, retries - 1)
                        : answer);
    }

    private static boolean changes(Op op) {
        return switch (op) {
            case Op.Put put -> true;
            case Op.Range range -> false;
            case Op.Delete delete -> true;
            case Op.Txn txn ->
                    txn.success().stream().anyMatch(Guard::changes)
                            || txn.failure().stream().anyMatch(Guard::changes);
        };
    }

    private static boolean puts(Op op) {
        return switch (op) {
            case Op.Put put -> true;
            case Op.Range range -> false;
            case Op.Delete delete -> false;
            case Op.Txn txn ->
                    txn.success().stream().anyMatch(Guard::puts)
                            || txn.failure().stream().anyMatch(Guard::puts);
        };
    }

    /** Forgets old revisions. Everybody may. */
    CompletableFuture<Answer> compact(long revision, boolean physical) {
        return alarms.isCorrupt() ? alarms.corrupt() : store.compact(revision, physical);
    }

    /** Makes a lease if there is room. Everybody may. */
    CompletableFuture<Answer> grant(long id, long ttlSeconds, int bytes) {
        if (alarms.isCorrupt()) {
            return alarms.corrupt();
        }
        return alarms.isFull(bytes) ? alarms.noSpace() : store.leaseGrant(id, ttlSeconds);
    }

    /** Revokes a lease if {@code who} may write its keys, which go with it. */
    CompletableFuture<Answer> revoke(Credential who, long lease) {
        if (alarms.isCorrupt()) {
            return alarms.corrupt();
        }
        // A revoke carries no revision of the accounts, so this node must not lag behind them.
        return store.readBarrier().thenCompose(at -> permittedRevoke(who, lease));
    }

    private CompletableFuture<Answer> permittedRevoke(Credential who, long lease) {
        if (isOpen()) {
            return store.leaseRevoke(lease);
        }
        Check check = check(who);
        return store.lease(lease)
                .thenCompose(found -> {
                    found.ifPresent(known -> check.leaseKeys(known.keys()));
                    return store.leaseRevoke(lease);
                });
    }

    /** Before the keys of a lease are told. */
    void leaseKeysRead(Credential who, List<Bytes> keys) {
        if (!isOpen()) {
            Check check = check(who);
            keys.forEach(key -> check.read(KeyRange.single(key)));
        }
    }

    /** Before what only administrators do. */
    void admin(Credential who) {
        if (!isOpen()) {
            admin(who, accounts());
        }
    }

    void admin(Credential who, Accounts now) {
        if (now.enabled()) {
            String user = identify(who, now).user();
            if (user.isEmpty()) {
                throw Errors.USER_EMPTY.asRuntimeException();
            }
            if (now.user(user).isEmpty() || !now.isRoot(user)) {
                throw Errors.PERMISSION_DENIED.asRuntimeException();
            }
        }
    }
}
