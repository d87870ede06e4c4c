package dev.kemudi.cel;

import dev.cel.common.types.CelType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import java.util.function.BiFunction;

/** Kubernetes' semver library. */
final class SemverFunctions {
    private static final OpaqueType TYPE = OpaqueType.create("kubernetes.Semver");

    private SemverFunctions() {}

    static void addTo(Functions functions) {
        functions.global("semver", TYPE, SimpleType.STRING, String.class, Semver::parse);
        functions.global(
                "isSemver",
                SimpleType.BOOL,
                SimpleType.STRING,
                String.class,
                text -> Semver.read(text).isPresent());
        functions.member("major", SimpleType.INT, TYPE, Semver.class, Semver::major);
        functions.member("minor", SimpleType.INT, TYPE, Semver.class, Semver::minor);
        functions.member("patch", SimpleType.INT, TYPE, Semver.class, Semver::patch);
        both(functions, "isGreaterThan", SimpleType.BOOL, (a, b) -> a.compareTo(b) > 0);
        both(functions, "isLessThan", SimpleType.BOOL, (a, b) -> a.compareTo(b) < 0);
        both(
                functions,
                "compareTo",
                SimpleType.INT,
                (a, b) -> (long) Integer.signum(a.compareTo(b)));
    }

    @SuppressWarnings("Immutable") // the bodies are stateless
    private static void both(
            Functions functions,
            String name,
            CelType result,
            BiFunction<Semver, Semver, Object> body) {
        functions.member(name, result, TYPE, Semver.class, TYPE, Semver.class, body::apply);
    }
}
