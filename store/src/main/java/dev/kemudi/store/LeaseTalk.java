package dev.kemudi.store;

import java.util.List;

/** What a follower asks its leader about a lease, and how it is answered. */
final class LeaseTalk {
    private static final int VERSION = 1;
    private static final List<State> STATES = List.of(State.values());

    private LeaseTalk() {}

    /**
     * @param renew whether its time is to be counted anew; otherwise it is only looked at
     */
    record Question(boolean renew, long id) {
        byte[] encode() {
            return new ByteWriter().u8(VERSION).flag(renew).fixed(id).done();
        }

        static Question decode(byte[] bytes) {
            ByteReader in = new ByteReader(bytes);
            version(in);
            Question question = new Question(in.flag(), in.fixed());
            in.end();
            return question;
        }
    }

    enum State {
        ALIVE,
        /** It ran out; its revoke is on the way. */
        EXPIRING,
        /** The leader has no such lease, or not yet. */
        UNKNOWN
    }

    /**
     * @param term the term in which the one who answers leads; 0: it does not
     */
    record Reply(long term, State state, long ttlSeconds, long remainingSeconds) {
        byte[] encode() {
            return new ByteWriter()
                    .u8(VERSION)
                    .number(term)
                    .u8(state.ordinal())
                    .number(ttlSeconds)
                    .number(remainingSeconds)
                    .done();
        }

        static Reply decode(byte[] bytes) {
            ByteReader in = new ByteReader(bytes);
            version(in);
            long term = in.number();
            int state = in.u8();
            if (state >= STATES.size()) {
                throw new ByteReader.MalformedException("lease state " + state + " is unknown");
            }
            Reply reply = new Reply(term, STATES.get(state), in.number(), in.number());
            in.end();
            return reply;
        }
    }

    private static void version(ByteReader in) {
        int version = in.u8();
        if (version != VERSION) {
            throw new ByteReader.MalformedException(
                    "lease message version " + version + ", this reads " + VERSION);
        }
    }
}
