/** Reads and writes bbolt files, the format of etcd snapshots. */
@NullMarked
package dev.kemudi.bolt;

import org.jspecify.annotations.NullMarked;
