/**
 * What an object may look like: structural schemas, defaulting, pruning, validation, merging, field
 * ownership.
 */
@NullMarked
package dev.kemudi.schema;

import org.jspecify.annotations.NullMarked;
