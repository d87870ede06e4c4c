package dev.kemudi.logratis;

import java.nio.file.Path;

/**
 * PEM files with which peers prove who they are.
 *
 * @param certificate this node's certificate and those between it and the root
 * @param key its private key, PKCS#8
 * @param trusted the authorities whose certificates are accepted
 * @param mutual whether who calls must show a certificate, too
 */
public record Tls(Path certificate, Path key, Path trusted, boolean mutual) {}
