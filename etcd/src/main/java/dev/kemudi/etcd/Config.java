package dev.kemudi.etcd;

/**
 * Where to listen.
 *
 * @param listenAddress a host name or address
 * @param port 0 picks a free one
 */
public record Config(String listenAddress, int port) {}
