package dev.kemudi.conformance;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import java.util.List;

/** Classes of libraries, and those of our own in the given packages. */
final class NotOurs extends DescribedPredicate<JavaClass> {
    private final List<String> packages;

    /**
     * @param packages package patterns in ArchUnit's notation
     */
    NotOurs(List<String> packages) {
        super("are of a library or in " + packages);
        this.packages = packages;
    }

    @Override
    public boolean test(JavaClass type) {
        JavaClass base = type.getBaseComponentType();
        return !base.getPackageName().startsWith("dev.kemudi")
                || packages.stream()
                        .anyMatch(p -> JavaClass.Predicates.resideInAPackage(p).test(base));
    }
}
