/** The store under its own name: etcd v3 gRPC. */
@NullMarked
package dev.kemudi.etcd;

import org.jspecify.annotations.NullMarked;
