package dev.kemudi.gateway;

import io.netty.util.AsciiString;

/** Responses that the gateway gives itself: one line of plain text that names the reason. */
final class Answer {
    private static final byte[] STATUS = Bytes.ascii("HTTP/1.1 ");
    private static final byte[] TYPE =
            Bytes.ascii(
                    "Server: kemudi\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ");
    private static final byte[] CLOSE = Bytes.ascii("\r\nConnection: close\r\n");
    private static final byte[] KEEP_ALIVE = Bytes.ascii("\r\nConnection: keep-alive\r\n");

    private Answer() {}

    /**
     * @param headers complete lines to add
     */
    record Extra(String headers, HeaderEdit edit, boolean closing) {
        static final Extra NONE = new Extra("", HeaderEdit.NONE, false);
        static final Extra CLOSING = new Extra("", HeaderEdit.NONE, true);

        Extra(String headers, HeaderEdit edit) {
            this(headers, edit, false);
        }
    }

    static Out compose(
            int status, String text, Extra extra, Request request, boolean keep, Out out) {
        byte[] body = AsciiString.of(text + "\n").toByteArray();
        out.clear().put(STATUS).put(Integer.toString(status)).put(' ').put(reason(status)).crlf();
        out.put(TYPE).put(Integer.toString(body.length));
        out.put(keep ? KEEP_ALIVE : CLOSE).put(extra.headers()).put(extra.edit().lines()).crlf();
        return request.isHead() ? out : out.put(body);
    }

    private static String reason(int status) {
        return switch (status) {
            case 301 -> "Moved Permanently";
            case 302 -> "Found";
            case 303 -> "See Other";
            case 307 -> "Temporary Redirect";
            case 308 -> "Permanent Redirect";
            case 400 -> "Bad Request";
            case 404 -> "Not Found";
            case 408 -> "Request Timeout";
            case 413 -> "Content Too Large";
            case 414 -> "URI Too Long";
            case 417 -> "Expectation Failed";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 501 -> "Not Implemented";
            case 502 -> "Bad Gateway";
            case 503 -> "Service Unavailable";
            case 504 -> "Gateway Timeout";
            case 505 -> "HTTP Version Not Supported";
            default -> "Unknown";
        };
    }
}
