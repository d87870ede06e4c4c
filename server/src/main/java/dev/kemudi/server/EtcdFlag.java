package dev.kemudi.server;

/**
 * One of etcd's flags and what becomes of it here.
 *
 * @param fallback its value when it is not given
 * @param says what it does; for {@link Handling#REFUSED} why it cannot be had
 */
record EtcdFlag(String name, Kind kind, String fallback, Handling handling, String says) {
    /** What a value may look like. */
    enum Kind {
        TEXT,
        SWITCH,
        NUMBER,
        DURATION,
        URLS,
        FILE
    }

    /** What becomes of a flag that is given. */
    enum Handling {
        USED,
        /** Has nothing to act upon here; taken so that scripts written for etcd start. */
        IGNORED,
        /** What it asks for cannot be had: any value but the fallback stops the start. */
        REFUSED
    }

    static EtcdFlag text(String name, String fallback, String says) {
        return new EtcdFlag(name, Kind.TEXT, fallback, Handling.USED, says);
    }

    static EtcdFlag file(String name, String says) {
        return new EtcdFlag(name, Kind.FILE, "", Handling.USED, says);
    }

    static EtcdFlag number(String name, long fallback, String says) {
        return new EtcdFlag(name, Kind.NUMBER, Long.toString(fallback), Handling.USED, says);
    }

    static EtcdFlag duration(String name, String fallback, String says) {
        return new EtcdFlag(name, Kind.DURATION, fallback, Handling.USED, says);
    }

    static EtcdFlag urls(String name, String fallback, String says) {
        return new EtcdFlag(name, Kind.URLS, fallback, Handling.USED, says);
    }

    static EtcdFlag toggle(String name, boolean fallback, String says) {
        return new EtcdFlag(name, Kind.SWITCH, Boolean.toString(fallback), Handling.USED, says);
    }

    EtcdFlag ignored() {
        return new EtcdFlag(name, kind, fallback, Handling.IGNORED, says);
    }

    EtcdFlag refused() {
        return new EtcdFlag(name, kind, fallback, Handling.REFUSED, says);
    }

    /** The environment variable that etcd reads for it. */
    String environment() {
        return "ETCD_" + name.toUpperCase(java.util.Locale.ROOT).replace('-', '_');
    }
}
