/** HTTP edge: Gateway API routes to pods. */
@NullMarked
package dev.kemudi.gateway;

import org.jspecify.annotations.NullMarked;
