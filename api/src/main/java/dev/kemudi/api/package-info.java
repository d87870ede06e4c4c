/** What every party agrees on: objects, resources, statuses, list and watch options, the client. */
@NullMarked
package dev.kemudi.api;

import org.jspecify.annotations.NullMarked;
