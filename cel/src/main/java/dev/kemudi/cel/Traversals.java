package dev.kemudi.cel;

import java.util.Set;

/** The functions that look at every element or character of their arguments. */
final class Traversals {
    private static final Set<String> WALKING =
            Set.of(
                    "_==_",
                    "_!=_",
                    "_+_",
                    "@in",
                    "contains",
                    "startsWith",
                    "endsWith",
                    "matches",
                    "find",
                    "findAll",
                    "indexOf",
                    "lastIndexOf",
                    "isSorted",
                    "sum",
                    "min",
                    "max",
                    "split",
                    "join",
                    "replace",
                    "substring",
                    "lowerAscii",
                    "upperAscii",
                    "trim",
                    "format",
                    "quantity",
                    "url",
                    "ip",
                    "cidr",
                    "isQuantity",
                    "isURL",
                    "isIP",
                    "isCIDR",
                    "semver",
                    "isSemver",
                    "validate",
                    "sets.contains",
                    "sets.equivalent",
                    "sets.intersects",
                    "string",
                    "bytes",
                    "timestamp",
                    "duration",
                    "base64.encode",
                    "base64.decode",
                    "reverse");

    private Traversals() {}

    static boolean walks(String function) {
        return WALKING.contains(function);
    }
}
