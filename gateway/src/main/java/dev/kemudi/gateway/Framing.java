package dev.kemudi.gateway;

/** Where a message body ends. */
enum Framing {
    NONE,
    LENGTH,
    CHUNKED,
    UNTIL_CLOSE
}
