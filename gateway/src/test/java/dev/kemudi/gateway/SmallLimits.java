package dev.kemudi.gateway;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Map;

/** The default limits with some of them changed by name, so that tests of bounds are quick. */
final class SmallLimits {
    private SmallLimits() {}

    static Limits with(Map<String, Number> changes) {
        try {
            RecordComponent[] components = Limits.class.getRecordComponents();
            Object[] values = new Object[components.length];
            Class<?>[] types = new Class<?>[components.length];
            int used = 0;
            for (int i = 0; i < components.length; i++) {
                types[i] = components[i].getType();
                Number change = changes.get(components[i].getName());
                values[i] = components[i].getAccessor().invoke(Limits.defaults());
                if (change != null) {
                    used++;
                    values[i] =
                            types[i] == long.class
                                    ? (Object) change.longValue()
                                    : (Object) change.intValue();
                }
            }
            if (used != changes.size()) {
                throw new IllegalArgumentException(
                        "expected names of limits, found " + changes.keySet());
            }
            Constructor<Limits> constructor = Limits.class.getDeclaredConstructor(types);
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
