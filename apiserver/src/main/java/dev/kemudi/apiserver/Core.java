package dev.kemudi.apiserver;

import dev.kemudi.kernel.TimeSource;

/** The API's semantics, without any way in: HTTP and the in-process client share one of these. */
record Core(
        Registry registry,
        Storage storage,
        Reads reads,
        Writes writes,
        Patching patches,
        Scales scales,
        Deletes deletes,
        Namespaces namespaces,
        Admitting admission,
        TimeSource time,
        Limits limits) {}
