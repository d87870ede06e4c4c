package dev.kemudi.gateway;

import dev.kemudi.kernel.TraceContext;

/**
 * Composes the heads that go on: ranges of the received bytes, minus what is hop-by-hop, plus what
 * the gateway adds.
 */
final class HeadWriter {
    private static final byte[] HTTP_11 = Bytes.ascii(" HTTP/1.1\r\nHost: ");
    private static final byte[] STATUS = Bytes.ascii("HTTP/1.1 ");
    private static final byte[] CHUNKED = Bytes.ascii("Transfer-Encoding: chunked\r\n");
    private static final byte[] CLOSE = Bytes.ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = Bytes.ascii("Connection: keep-alive\r\n");
    private static final byte[] UPGRADE = Bytes.ascii("Connection: upgrade\r\nUpgrade: ");
    private static final byte[] FORWARDED_FOR = Bytes.ascii("X-Forwarded-For: ");
    private static final byte[] FORWARDED_PROTO =
            Bytes.ascii("X-Forwarded-Proto: http\r\nX-Forwarded-Host: ");
    private static final byte[] TRACEPARENT = Bytes.ascii("traceparent: 00-");

    private HeadWriter() {}

    /** The request as the endpoint gets it. */
    static void request(
            Head head, Request request, Match match, String client, TraceContext trace, Out out) {
        Rule rule = match.rule();
        out.put(head.bytes, 0, head.methodEnd).put(' ');
        target(request, match, out);
        out.put(HTTP_11);
        out.put(rule.hostRewrite().isEmpty() ? request.authority : rule.hostRewrite()).crlf();
        HeaderEdit edit = rule.requestEdit();
        boolean edited = !edit.removed().isEmpty();
        boolean forwarded = false;
        for (int i = 0; i < head.count(); i++) {
            switch (head.id(i)) {
                case Field.OTHER, Field.CONTENT_LENGTH, Field.EXPECT -> {
                    if (!edited || !edit.removes(head, i)) {
                        out.put(head.bytes, head.lineStart(i), head.lineEnd(i));
                    }
                }
                case Field.FORWARDED_FOR -> forwarded = true;
                case Field.UPGRADE -> {
                    if (request.upgrade) {
                        out.put(UPGRADE)
                                .put(head.bytes, head.valueStart(i), head.valueEnd(i))
                                .crlf();
                    }
                }
                default -> {}
            }
        }
        if (request.framing == Framing.CHUNKED) {
            out.put(CHUNKED);
        }
        out.put(FORWARDED_FOR);
        if (forwarded) {
            earlierHops(head, out);
        }
        out.put(client).crlf();
        out.put(FORWARDED_PROTO).put(request.authority).crlf();
        trace(trace, out);
        out.put(edit.lines()).crlf();
    }

    private static void earlierHops(Head head, Out out) {
        for (int i = 0; i < head.count(); i++) {
            if (head.id(i) == Field.FORWARDED_FOR) {
                out.put(head.bytes, head.valueStart(i), head.valueEnd(i)).put(',').put(' ');
            }
        }
    }

    private static void target(Request request, Match match, Out out) {
        Rule rule = match.rule();
        String path =
                rule.rewritesPath()
                        ? PathEdit.apply(rule.pathRewrite(), request.path, match.prefixLength())
                        : request.path;
        out.put(path);
        if (request.hasQuery) {
            out.put('?').put(request.query);
        }
    }

    private static void trace(TraceContext trace, Out out) {
        out.put(TRACEPARENT)
                .hex(trace.traceHigh())
                .hex(trace.traceLow())
                .put('-')
                .hex(trace.spanId());
        out.put('-').put('0').put(trace.sampled() ? '1' : '0').crlf();
    }

    /** The response as the client gets it. */
    static void response(
            Head head,
            Response response,
            HeaderEdit edit,
            boolean chunked,
            boolean keepAlive,
            boolean http10,
            Out out) {
        out.put(STATUS).put(head.bytes, 9, 12).put(' ');
        out.put(head.bytes, head.reasonStart, head.reasonEnd).crlf();
        boolean edited = !edit.removed().isEmpty();
        for (int i = 0; i < head.count(); i++) {
            boolean passed =
                    switch (head.id(i)) {
                        case Field.CONNECTION,
                                Field.HOP,
                                Field.NOMINATED,
                                Field.TRANSFER_ENCODING,
                                Field.UPGRADE ->
                                false;
                        case Field.CONTENT_LENGTH ->
                                response.status != 204 && response.status >= 200;
                        default -> true;
                    };
            if (passed && (!edited || !edit.removes(head, i))) {
                out.put(head.bytes, head.lineStart(i), head.lineEnd(i));
            }
        }
        if (chunked) {
            out.put(CHUNKED);
        }
        if (!keepAlive) {
            out.put(CLOSE);
        } else if (http10) {
            out.put(KEEP_ALIVE);
        }
        out.put(edit.lines()).crlf();
    }

    /** 101 with the protocol the endpoint agreed to. */
    static void switching(Head head, Out out) {
        out.put(STATUS).put(head.bytes, 9, 12).put(' ');
        out.put(head.bytes, head.reasonStart, head.reasonEnd).crlf();
        for (int i = 0; i < head.count(); i++) {
            if (head.id(i) == Field.UPGRADE) {
                out.put(UPGRADE).put(head.bytes, head.valueStart(i), head.valueEnd(i)).crlf();
            } else if (head.id(i) == Field.OTHER) {
                out.put(head.bytes, head.lineStart(i), head.lineEnd(i));
            }
        }
        out.crlf();
    }
}
