package dev.kemudi.gateway;

/**
 * Every bound of the gateway. Times are in milliseconds, sizes in bytes.
 *
 * @param eventLoops 1: one loop saturates a core with some 40,000 plain requests a second; two
 *     cores leave room for the rest of the process
 * @param connectionsMax 10_000: front connections at once; an idle one costs about 2 KiB, so 20
 *     MiB; more are refused at accept
 * @param headBytesMax 32_768: request or response head; browsers and servers stop at 8–16 KiB
 * @param headersMax 100: header lines in one head; what Apache accepts by default
 * @param targetBytesMax 8_192: request target; RFC 9110 asks for at least 8,000
 * @param chunkExtensionBytesMax 4_096: chunk extensions of one body; nobody uses them but attackers
 * @param trailerBytesMax 8_192: trailer section of one body
 * @param bodyBytesMax 1_073_741_824: one request body, 1 GiB; bodies are streamed, so this guards
 *     back ends and not our memory
 * @param retryBodyBytesMax 65_536: request body kept for a retry; a longer body is streamed and
 *     never retried
 * @param writeBufferBytesMax 65_536: bytes waiting in one socket's write buffer before the other
 *     side is no longer read
 * @param headerTimeoutMillis 10_000: from accept or first byte to the end of the request head,
 *     against slowloris
 * @param keepAliveMillis 60_000: an idle front connection; longer than what load testers and
 *     browsers pause
 * @param bodyIdleMillis 30_000: pause inside a request body or while a client does not read its
 *     answer
 * @param responseIdleMillis 60_000: a back end's silence before 504; HAProxy's and nginx's usual
 *     value
 * @param tunnelIdleMillis 3_600_000: silence in an upgraded connection such as WebSocket
 * @param connectTimeoutMillis 1_000: back ends are near; a second is three SYN attempts too many
 * @param lingerMillis 1_000: how long a refused client's remaining bytes are read away so that it
 *     sees the answer
 * @param upstreamIdleMillis 4_000: pooled back-end connections; below the 5 s after which Node.js
 *     closes them itself
 * @param upstreamAgeMillis 300_000: pooled back-end connections are renewed, so that load spreads
 *     to new back ends
 * @param upstreamConnectionsMax 512: per endpoint and event loop; file descriptors of the back end
 *     are not ours to spend
 * @param upstreamPendingMax 1_024: requests waiting for a connection per endpoint and event loop;
 *     beyond that 503
 * @param attemptsMax 4: tries of one request, the first included
 * @param retryTokensMax 1_000: retries that may burst, such as when an endpoint with many requests
 *     in flight dies
 * @param retryPercent 20: retries earned per hundred requests once the burst is spent; Envoy's
 *     budget
 * @param ejectionMillis 500: first ejection of an endpoint that refuses connections; doubles up to
 *     sixteenfold
 * @param ejectedPercentMax 50: beyond this share of a back end ejections are ignored (panic), as
 *     Envoy does
 * @param drainMillis 5_000: how long {@code close} waits for requests in flight
 * @param tracesPerSecondMax 100: traces started by the gateway itself per event loop; callers'
 *     sampled traces always go on
 * @param routeSeriesMax 1_000: HTTPRoutes with metrics of their own; others share the label {@code
 *     other}
 * @param debounceMillis 5: changes of declared objects are gathered this long before the next
 *     snapshot is built
 * @param poolChunkBytes 1_048_576: unit in which the buffer pool takes direct memory; small keeps
 *     idle memory low
 */
public record Limits(
        int eventLoops,
        int connectionsMax,
        int headBytesMax,
        int headersMax,
        int targetBytesMax,
        int chunkExtensionBytesMax,
        int trailerBytesMax,
        long bodyBytesMax,
        int retryBodyBytesMax,
        int writeBufferBytesMax,
        int headerTimeoutMillis,
        int keepAliveMillis,
        int bodyIdleMillis,
        int responseIdleMillis,
        int tunnelIdleMillis,
        int connectTimeoutMillis,
        int lingerMillis,
        int upstreamIdleMillis,
        int upstreamAgeMillis,
        int upstreamConnectionsMax,
        int upstreamPendingMax,
        int attemptsMax,
        int retryTokensMax,
        int retryPercent,
        int ejectionMillis,
        int ejectedPercentMax,
        int drainMillis,
        int tracesPerSecondMax,
        int routeSeriesMax,
        int debounceMillis,
        int poolChunkBytes) {

    public static Limits defaults() {
        return new Limits(
                1,
                10_000,
                32_768,
                100,
                8_192,
                4_096,
                8_192,
                1_073_741_824L,
                65_536,
                65_536,
                10_000,
                60_000,
                30_000,
                60_000,
                3_600_000,
                1_000,
                1_000,
                4_000,
                300_000,
                512,
                1_024,
                4,
                1_000,
                20,
                500,
                50,
                5_000,
                100,
                1_000,
                5,
                1_048_576);
    }
}
