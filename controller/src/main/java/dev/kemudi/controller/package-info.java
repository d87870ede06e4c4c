/** Reflector, queue, informer, work queue, reconciler: a library for users too. */
@NullMarked
package dev.kemudi.controller;

import org.jspecify.annotations.NullMarked;
