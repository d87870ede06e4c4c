package dev.kemudi.store;

import java.util.List;

/** How much was done, by what was answered; counted as etcd counts it. Used by one thread. */
final class Tally {
    private long reads;
    private long puts;
    private long deletes;
    private long transactions;

    static Tally of(List<Answer> answers) {
        Tally tally = new Tally();
        answers.forEach(tally::add);
        return tally;
    }

    private void add(Answer answer) {
        long before = operations();
        addOperations(answer);
        if (operations() - before > 1) {
            transactions++;
        }
    }

    private void addOperations(Answer answer) {
        switch (answer) {
            case Answer.Ranged _ -> reads++;
            case Answer.Put _ -> puts++;
            case Answer.Deleted _ -> deletes++;
            case Answer.Txn txn -> txn.answers().forEach(this::addOperations);
            case Answer.Compacted _,
                    Answer.LeaseGranted _,
                    Answer.LeaseRevoked _,
                    Answer.LeaseRenewed _,
                    Answer.AreaChanged _,
                    Answer.Hashed _,
                    Answer.Refused _ -> {
                // no operation on keys
            }
        }
    }

    private long operations() {
        return reads + puts + deletes;
    }

    long reads() {
        return reads;
    }

    long puts() {
        return puts;
    }

    /** Each of any number of keys. */
    long deletes() {
        return deletes;
    }

    /** Those of more than one operation. */
    long transactions() {
        return transactions;
    }
}
