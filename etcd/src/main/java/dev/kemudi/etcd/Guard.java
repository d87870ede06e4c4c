package dev.kemudi.etcd;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.Compare;
import dev.kemudi.etcd.proto.DeleteRangeRequest;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RequestOp;
import dev.kemudi.etcd.proto.TxnRequest;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Area;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.Op;
import dev.kemudi.store.Origin;
import dev.kemudi.store.Store;
import java.util.List;
import java.util.function.Supplier;

/*
 * Permitted here, applied there
 * -----------------------------
 * Permissions are checked at the edge, upon the accounts this node knows, while the write takes effect
 * later and perhaps through another node. So a permitted write carries the revision of the accounts it was
 * permitted under (its Origin); the store refuses it when the accounts moved on meanwhile (GUARD_STALE),
 * and whoever sent it checks again under the newer ones and retries: `write` here does that. A read is
 * checked after its barrier, so that a node that lags cannot permit what the cluster no longer does.
 *
 * A cluster whose accounts were never touched pays one volatile read for all this.
 */
/**
 * What stands before every operation: who asks, may they, and is there room. Its methods throw what
 * the client is told. Safe for use by many threads. {@link #write} blocks; while accounts are
 * checked (not {@link #isOpen}) so do puts under a lease, whose keys the leader knows.
 */
final class Guard {
    private static final int RETRIES_MAX = 100;

    private final Tokens tokens;
    private final boolean certificatesName;
    private final Alarms alarms;
    private volatile Accounts accounts = Accounts.NONE;
    private volatile Area area = new Area(Accounts.AREA, 0, java.util.Collections.emptySortedMap());

    /**
     * @param certificatesName whether the common name of a client's certificate names a user
     */
    Guard(Tokens tokens, boolean certificatesName, Alarms alarms) {
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

    private Origin origin() {
        long revision = area.revision();
        return revision == 0 ? Origin.NONE : new Origin("", Accounts.AREA, revision);
    }

    private Origin origin(Accounts now) {
        return new Origin("", Accounts.AREA, now.areaRevision());
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

        void read(ByteString key, ByteString end) {
            known();
            if (!now.mayRead(who.user(), key, end)) {
                throw Errors.PERMISSION_DENIED.asRuntimeException();
            }
        }

        void write(ByteString key, ByteString end) {
            known();
            if (!now.mayWrite(who.user(), key, end)) {
                throw Errors.PERMISSION_DENIED.asRuntimeException();
            }
        }

        void put(PutRequest put) {
            write(put.getKey(), ByteString.EMPTY);
            if (put.getPrevKv()) {
                read(put.getKey(), ByteString.EMPTY);
            }
        }

        void delete(DeleteRangeRequest delete) {
            write(delete.getKey(), delete.getRangeEnd());
            if (delete.getPrevKv()) {
                read(delete.getKey(), delete.getRangeEnd());
            }
        }

        void txn(TxnRequest txn) {
            for (Compare compare : txn.getCompareList()) {
                read(compare.getKey(), compare.getRangeEnd());
            }
            txn.getSuccessList().forEach(this::op);
            txn.getFailureList().forEach(this::op);
        }

        private void op(RequestOp op) {
            switch (op.getRequestCase()) {
                case REQUEST_RANGE ->
                        read(op.getRequestRange().getKey(), op.getRequestRange().getRangeEnd());
                case REQUEST_PUT -> put(op.getRequestPut());
                case REQUEST_DELETE_RANGE -> delete(op.getRequestDeleteRange());
                case REQUEST_TXN -> txn(op.getRequestTxn());
                case REQUEST_NOT_SET -> {
                    // Refused for its form elsewhere.
                }
            }
        }
    }

    private Check check(Credential who) {
        Accounts now = accounts();
        return new Check(now, identify(who, now));
    }

    /** Before a read, after its barrier. */
    void range(Credential who, RangeRequest request) {
        alarms.refuseIfCorrupt();
        read(who, request.getKey(), request.getRangeEnd());
    }

    /** Before keys are read or watched. */
    void read(Credential who, ByteString key, ByteString end) {
        if (!isOpen()) {
            check(who).read(key, end);
        }
    }

    /**
     * Before a put.
     *
     * @return what the write must carry
     */
    Origin put(Credential who, PutRequest request, Store store) {
        alarms.refuseIfFull(request.getSerializedSize());
        if (isOpen()) {
            return origin();
        }
        Check check = check(who);
        check.put(request);
        leaseKeys(check, request.getLease(), store);
        return origin(check.now());
    }

    /** Whoever may not write the keys of a lease may not put more keys under it. */
    private static void leaseKeys(Check check, long lease, Store store) {
        if (lease != 0) {
            for (Bytes key :
                    Errors.await(store.lease(lease)).map(Store.Lease::keys).orElse(List.of())) {
                check.write(Wire.string(key), ByteString.EMPTY);
            }
        }
    }

    Origin delete(Credential who, DeleteRangeRequest request) {
        alarms.refuseIfCorrupt();
        if (isOpen()) {
            return origin();
        }
        Check check = check(who);
        check.delete(request);
        return origin(check.now());
    }

    Origin txn(Credential who, TxnRequest request) {
        if (puts(request)) {
            alarms.refuseIfFull(request.getSerializedSize());
        } else {
            alarms.refuseIfCorrupt();
        }
        if (isOpen()) {
            return origin();
        }
        Check check = check(who);
        check.txn(request);
        return origin(check.now());
    }

    private static boolean puts(TxnRequest txn) {
        return txn.getSuccessList().stream().anyMatch(Guard::puts)
                || txn.getFailureList().stream().anyMatch(Guard::puts);
    }

    private static boolean puts(RequestOp op) {
        return op.hasRequestPut() || op.hasRequestTxn() && puts(op.getRequestTxn());
    }

    /** Before a lease is revoked: its keys go with it. */
    void revoke(Credential who, long lease, Store store) {
        if (!isOpen()) {
            Check check = check(who);
            leaseKeys(check, lease, store);
        }
    }

    /** Before the keys of a lease are told. */
    void leaseKeysRead(Credential who, List<Bytes> keys) {
        if (!isOpen()) {
            Check check = check(who);
            keys.forEach(key -> check.read(Wire.string(key), ByteString.EMPTY));
        }
    }

    /** Before what only administrators do. */
    void admin(Credential who) {
        admin(who, accounts());
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

    /** Before a lease is made. */
    void grant(int bytes) {
        alarms.refuseIfFull(bytes);
    }

    /** Writes, and when the accounts moved on meanwhile is permitted and written again. Blocks. */
    <A extends Answer> A write(Store store, Op op, Supplier<Origin> permit, Class<A> type) {
        for (int i = 0; ; i++) {
            Answer answer = Errors.await(store.write(op, permit.get()));
            boolean stale =
                    answer instanceof Answer.Refused refused
                            && refused.reason() == Answer.Reason.GUARD_STALE;
            if (!stale || i == RETRIES_MAX) {
                return Errors.expect(answer, type);
            }
        }
    }
}
