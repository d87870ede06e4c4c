package dev.kemudi.store;

import java.util.zip.CRC32C;

/**
 * The checksum of what is retained up to a revision. It depends on that revision and the compacted
 * one alone, not on how far a node has applied or reclaimed: see {@link History} for what counts.
 */
final class Hash {
    private final CRC32C crc = new CRC32C();
    private final View view;
    private final long compacted;
    private final long revision;

    private Hash(View view, long revision) {
        this.view = view;
        this.compacted = view.mark().compacted();
        this.revision = revision;
    }

    /**
     * @param revision 0 for the newest
     */
    static Answer of(View view, long revision) {
        Mark mark = view.mark();
        if (revision > mark.revision()) {
            return new Answer.Refused(Answer.Reason.FUTURE_REVISION, mark.revision());
        }
        if (revision > 0 && revision < mark.compacted()) {
            return new Answer.Refused(Answer.Reason.COMPACTED, mark.revision());
        }
        long hashed = revision <= 0 ? mark.revision() : revision;
        Hash hash = new Hash(view, hashed);
        hash.states();
        hash.tombstones();
        return new Answer.Hashed(
                mark.revision(), mark.compacted(), hashed, (int) hash.crc.getValue());
    }

    /**
     * Key by key, newest state first: which of them lies in CUR and which in OLD depends on when
     * this is asked, the sequence does not.
     */
    private void states() {
        try (Rows.Cursor now = view.cursor(Family.CUR, new byte[0]);
                Rows.Cursor old = view.cursor(Family.OLD, new byte[0])) {
            while (now.valid() || old.valid()) {
                Bytes ofOld = old.valid() ? RowFormat.keyOfOld(old.key()) : Bytes.EMPTY;
                Bytes ofNow = now.valid() ? Bytes.of(now.key()) : Bytes.EMPTY;
                if (now.valid() && (!old.valid() || ofNow.compareTo(ofOld) <= 0)) {
                    state(RowFormat.current(ofNow, now.value()));
                    now.next();
                    if (!ofNow.equals(ofOld)) {
                        continue;
                    }
                }
                for (; old.valid() && RowFormat.keyOfOld(old.key()).equals(ofOld); old.next()) {
                    RowFormat.Superseded row = RowFormat.superseded(ofOld, old.value());
                    if (row.supersededAt() > compacted) {
                        state(row.kv());
                    }
                }
            }
        }
    }

    private void state(KeyValue kv) {
        if (kv.modRevision() > revision) {
            return;
        }
        ByteWriter row = new ByteWriter(kv.key().length() + 48).bytes(kv.key());
        row.number(kv.createRevision()).number(kv.modRevision()).number(kv.version());
        row.number(kv.lease()).number(kv.value().length());
        crc.update(row.done());
        crc.update(kv.value().array());
    }

    private void tombstones() {
        try (Rows.Cursor cursor = view.cursor(Family.LOG, RowFormat.logKey(compacted, 0))) {
            for (; cursor.valid(); cursor.next()) {
                long at = RowFormat.revisionOf(cursor.key());
                if (at > revision) {
                    return;
                }
                if (RowFormat.logged(cursor.key(), cursor.value()).type() == Watcher.Type.DELETE) {
                    crc.update(
                            new ByteWriter()
                                    .fixed(at)
                                    .bytes(RowFormat.keyOfLogged(cursor.value()))
                                    .done());
                }
            }
        }
    }
}
