package dev.kemudi.gateway;

import java.util.Locale;
import java.util.Optional;

/**
 * What a request head says, read strictly (RFC 9112 §3, §6; RFC 9110 §7). One per front connection,
 * filled anew for each request; it copies from {@link Head} whatever must outlive it.
 */
final class Request {
    private static final byte[] CLOSE = Bytes.ascii("close");
    private static final byte[] KEEP_ALIVE = Bytes.ascii("keep-alive");
    private static final byte[] UPGRADE = Bytes.ascii("upgrade");
    private static final byte[] CHUNKED = Bytes.ascii("chunked");
    private static final byte[] CONTINUE = Bytes.ascii("100-continue");
    private static final byte[] H2C = Bytes.ascii("h2c");
    private static final byte[] HTTP = Bytes.ascii("http://");

    private final Limits limits;

    /** Upper case as sent; methods are case-sensitive. */
    String method = "";

    /** Lower case, without port. */
    String host = "";

    /** As sent, with port. */
    String authority = "";

    /** Normal form, without query. */
    String path = "";

    /** Without the question mark; empty when there is none. */
    String query = "";

    boolean hasQuery;
    boolean http10;
    boolean keepAlive;
    boolean upgrade;
    boolean expectsContinue;
    Framing framing = Framing.NONE;
    long length;
    private byte[] hostBytes = {};

    Request(Limits limits) {
        this.limits = limits;
    }

    boolean isHead() {
        return method.equals("HEAD");
    }

    /** Whether sending it twice means the same as sending it once (RFC 9110 §9.2.2). */
    boolean idempotent() {
        return switch (method) {
            case "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" -> true;
            default -> false;
        };
    }

    Fault read(Head head) {
        byte[] bytes = head.bytes;
        method = method(bytes, head.methodEnd);
        http10 = head.minor == 0;
        if (method.equals("CONNECT")) {
            return Fault.METHOD;
        }
        Fault fault = readFields(head);
        return fault != Fault.NONE ? fault : readTarget(head);
    }

    private static String method(byte[] bytes, int end) {
        if (end == 3 && bytes[0] == 'G' && bytes[1] == 'E' && bytes[2] == 'T') {
            return "GET";
        }
        if (end == 4 && bytes[0] == 'P' && bytes[1] == 'O' && bytes[2] == 'S' && bytes[3] == 'T') {
            return "POST";
        }
        return Bytes.text(bytes, 0, end);
    }

    private Fault readFields(Head head) {
        int hosts = 0;
        int lengths = 0;
        int codings = 0;
        int upgrades = -1;
        boolean close = false;
        boolean stay = false;
        boolean connectionUpgrade = false;
        expectsContinue = false;
        framing = Framing.NONE;
        length = 0;
        for (int i = 0; i < head.count(); i++) {
            switch (head.id(i)) {
                case Field.HOST -> {
                    hosts++;
                    if (!readHost(head, i)) {
                        return Fault.HOST;
                    }
                }
                case Field.CONTENT_LENGTH -> {
                    lengths++;
                    length = head.length(i);
                }
                case Field.TRANSFER_ENCODING -> {
                    codings++;
                    boolean chunked =
                            Bytes.equalsIgnoreCase(
                                    head.bytes, head.valueStart(i), head.valueEnd(i), CHUNKED);
                    if (!chunked) {
                        return head.valueHas(i, CHUNKED)
                                        && head.valueEnd(i) - head.valueStart(i) > 7
                                ? Fault.UNSUPPORTED_CODING
                                : Fault.TRANSFER_ENCODING;
                    }
                }
                case Field.CONNECTION -> {
                    close |= head.valueHas(i, CLOSE);
                    stay |= head.valueHas(i, KEEP_ALIVE);
                    connectionUpgrade |= head.valueHas(i, UPGRADE);
                    head.markNominated(i);
                }
                case Field.UPGRADE -> upgrades = head.valueHas(i, H2C) ? -1 : i;
                case Field.EXPECT -> {
                    if (!Bytes.equalsIgnoreCase(
                            head.bytes, head.valueStart(i), head.valueEnd(i), CONTINUE)) {
                        return Fault.EXPECTATION;
                    }
                    expectsContinue = !http10;
                }
                default -> {}
            }
        }
        if (hosts > 1 || (hosts == 0 && !http10)) {
            return Fault.HOST;
        }
        if (hosts == 0) {
            host = "";
            authority = "";
            hostBytes = new byte[0];
        }
        keepAlive = !close && (!http10 || stay);
        Fault fault = frame(lengths, codings);
        upgrade = connectionUpgrade && upgrades >= 0 && framing == Framing.NONE && !http10;
        return fault;
    }

    private Fault frame(int lengths, int codings) {
        if (lengths > 0 && codings > 0) {
            return Fault.LENGTH_AND_CHUNKED;
        }
        if (lengths > 1 || length < 0) {
            return Fault.CONTENT_LENGTH;
        }
        if (codings > 1 || (codings == 1 && http10)) {
            return Fault.TRANSFER_ENCODING;
        }
        if (length > limits.bodyBytesMax()) {
            return Fault.BODY_TOO_LARGE;
        }
        framing = codings == 1 ? Framing.CHUNKED : length > 0 ? Framing.LENGTH : Framing.NONE;
        return Fault.NONE;
    }

    private boolean readHost(Head head, int field) {
        int start = head.valueStart(field);
        int end = head.valueEnd(field);
        if (end - start == hostBytes.length
                && end > start
                && java.util.Arrays.equals(
                        head.bytes, start, end, hostBytes, 0, hostBytes.length)) {
            return true;
        }
        String value = Bytes.text(head.bytes, start, end);
        Optional<String> name = hostOf(value);
        if (name.isEmpty()) {
            return false;
        }
        host = name.get();
        authority = value;
        hostBytes = java.util.Arrays.copyOfRange(head.bytes, start, end);
        return true;
    }

    /** The lower-case host of an authority without user information; empty when malformed. */
    static Optional<String> hostOf(String authority) {
        int end = authority.length();
        int colon = authority.lastIndexOf(':');
        boolean literal = authority.startsWith("[");
        if (literal) {
            int bracket = authority.indexOf(']');
            if (bracket < 0 || (bracket + 1 != end && bracket + 1 != colon)) {
                return Optional.empty();
            }
            colon = bracket + 1 == end ? -1 : colon;
        }
        if (colon >= 0) {
            for (int i = colon + 1; i < end; i++) {
                if (authority.charAt(i) < '0' || authority.charAt(i) > '9') {
                    return Optional.empty();
                }
            }
            if (end - colon > 6) {
                return Optional.empty();
            }
            end = colon;
        }
        for (int i = 0; i < end; i++) {
            char c = authority.charAt(i);
            boolean fits =
                    c < 0x80 && (Character.isLetterOrDigit(c) || c == '-' || c == '.' || c == '_');
            if (!fits && !(literal && (c == '[' || c == ']' || c == ':'))) {
                return Optional.empty();
            }
        }
        if (end > 1 && authority.charAt(end - 1) == '.') {
            end--;
        }
        return end == 0
                ? Optional.empty()
                : Optional.of(authority.substring(0, end).toLowerCase(Locale.ROOT));
    }

    private Fault readTarget(Head head) {
        byte[] bytes = head.bytes;
        int start = head.targetStart;
        int end = head.targetEnd;
        if (bytes[start] != '/') {
            if (end - start <= HTTP.length
                    || !Bytes.equalsIgnoreCase(bytes, start, start + HTTP.length, HTTP)) {
                return Fault.TARGET;
            }
            int slash = start + HTTP.length;
            while (slash < end && bytes[slash] != '/' && bytes[slash] != '?') {
                slash++;
            }
            String named = Bytes.text(bytes, start + HTTP.length, slash);
            if (!named.equalsIgnoreCase(authority)) {
                return Fault.AUTHORITY;
            }
            start = slash;
            if (start == end || bytes[start] == '?') {
                return split(bytes, start, start, end, "/");
            }
        }
        int question = start;
        while (question < end && bytes[question] != '?') {
            question++;
        }
        return split(bytes, start, question, end, "");
    }

    private Fault split(byte[] bytes, int start, int question, int end, String empty) {
        if (!empty.isEmpty()) {
            path = empty;
        } else if (RequestPath.isNormal(bytes, start, question)) {
            path = question == start + 1 ? "/" : Bytes.text(bytes, start, question);
        } else {
            Optional<String> normal = RequestPath.normalise(bytes, start, question);
            if (normal.isEmpty()) {
                return Fault.PATH;
            }
            path = normal.get();
        }
        hasQuery = question < end;
        query = hasQuery ? Bytes.text(bytes, question + 1, end) : "";
        return Fault.NONE;
    }
}
