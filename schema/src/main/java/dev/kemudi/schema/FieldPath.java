package dev.kemudi.schema;

import org.jspecify.annotations.Nullable;

/**
 * Where a value stands, written as Kubernetes writes it: {@code spec.containers[0].image}, {@code
 * data[a.b]}.
 */
final class FieldPath {
    static final FieldPath ROOT = new FieldPath(null, "");

    private final @Nullable FieldPath parent;
    private final String step;

    private FieldPath(@Nullable FieldPath parent, String step) {
        this.parent = parent;
        this.step = step;
    }

    FieldPath child(String name) {
        return new FieldPath(this, parent == null ? name : "." + name);
    }

    FieldPath key(String key) {
        return new FieldPath(this, "[" + key + "]");
    }

    FieldPath index(int index) {
        return new FieldPath(this, "[" + index + "]");
    }

    @Override
    public String toString() {
        return parent == null ? step : parent + step;
    }
}
