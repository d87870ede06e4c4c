package dev.kemudi.server;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Map;

/** A module's {@code Limits} with some of them as the command line says. */
final class Tuned {
    private Tuned() {}

    /**
     * The same limits with those of {@code changes}, by name; each must be a whole number.
     *
     * @throws IllegalStateException when a limit is unknown: the module and its flags fell apart
     */
    static <R extends Record> R limits(R defaults, Map<String, Long> changes) {
        RecordComponent[] components = defaults.getClass().getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        int used = 0;
        try {
            for (int i = 0; i < components.length; i++) {
                types[i] = components[i].getType();
                values[i] = components[i].getAccessor().invoke(defaults);
                Long changed = changes.get(components[i].getName());
                if (changed != null) {
                    used++;
                    values[i] =
                            types[i] == int.class
                                    ? (Object) (int) Math.min(changed, Integer.MAX_VALUE)
                                    : changed;
                }
            }
            if (used != changes.size()) {
                throw new IllegalStateException(
                        "%s does not have all of %s"
                                .formatted(defaults.getClass(), changes.keySet()));
            }
            @SuppressWarnings("unchecked") // the class of defaults
            Class<R> type = (Class<R>) defaults.getClass();
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (NoSuchMethodException
                | InstantiationException
                | IllegalAccessException
                | InvocationTargetException e) {
            throw new IllegalStateException(defaults.getClass() + " is not a record of limits", e);
        }
    }
}
