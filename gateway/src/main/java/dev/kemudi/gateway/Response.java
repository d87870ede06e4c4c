package dev.kemudi.gateway;

/** What a back end's response head says about framing and reuse, read as strictly as a request. */
final class Response {
    private static final byte[] CLOSE = Bytes.ascii("close");
    private static final byte[] KEEP_ALIVE = Bytes.ascii("keep-alive");
    private static final byte[] UPGRADE = Bytes.ascii("upgrade");
    private static final byte[] CHUNKED = Bytes.ascii("chunked");

    int status;
    boolean keepAlive;
    boolean switching;
    Framing framing = Framing.NONE;
    long length;

    /**
     * @param toHead whether the request was HEAD, whose response has no body whatever its head says
     */
    Fault read(Head head, boolean toHead) {
        status = head.status;
        length = -1;
        int lengths = 0;
        int codings = 0;
        boolean close = false;
        boolean stay = false;
        boolean upgrade = false;
        for (int i = 0; i < head.count(); i++) {
            switch (head.id(i)) {
                case Field.CONTENT_LENGTH -> {
                    lengths++;
                    length = head.length(i);
                    if (length < 0) {
                        return Fault.CONTENT_LENGTH;
                    }
                }
                case Field.TRANSFER_ENCODING -> {
                    codings++;
                    if (!Bytes.equalsIgnoreCase(
                            head.bytes, head.valueStart(i), head.valueEnd(i), CHUNKED)) {
                        return Fault.UNSUPPORTED_CODING;
                    }
                }
                case Field.CONNECTION -> {
                    close |= head.valueHas(i, CLOSE);
                    stay |= head.valueHas(i, KEEP_ALIVE);
                    upgrade |= head.valueHas(i, UPGRADE);
                    head.markNominated(i);
                }
                default -> {}
            }
        }
        if (lengths > 0 && codings > 0) {
            return Fault.LENGTH_AND_CHUNKED;
        }
        if (lengths > 1) {
            return Fault.CONTENT_LENGTH;
        }
        if (codings > 1 || (codings == 1 && head.minor == 0)) {
            return Fault.TRANSFER_ENCODING;
        }
        switching = status == 101 && upgrade;
        keepAlive = !close && (head.minor == 1 || stay);
        if (toHead || status < 200 || status == 204 || status == 304) {
            framing = Framing.NONE;
        } else if (codings == 1) {
            framing = Framing.CHUNKED;
        } else if (lengths == 1) {
            framing = length == 0 ? Framing.NONE : Framing.LENGTH;
        } else {
            framing = Framing.UNTIL_CLOSE;
            keepAlive = false;
        }
        return Fault.NONE;
    }
}
