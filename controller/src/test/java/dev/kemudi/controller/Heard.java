package dev.kemudi.controller;

import dev.kemudi.api.ApiObject;
import java.util.ArrayList;
import java.util.List;

/**
 * A handler that writes down what it hears, one line each: {@code +a=1}, {@code ~a=1>2}, {@code
 * -a=2}.
 */
final class Heard implements EventHandler {
    private final List<String> lines = new ArrayList<>();

    @Override
    public synchronized void onAdd(ApiObject object, boolean initial) {
        lines.add("+" + object.name() + "=" + value(object) + (initial ? " initial" : ""));
    }

    @Override
    public synchronized void onUpdate(ApiObject old, ApiObject now) {
        lines.add("~" + now.name() + "=" + value(old) + ">" + value(now));
    }

    @Override
    public synchronized void onDelete(ApiObject last, boolean stateUnknown) {
        lines.add("-" + last.name() + "=" + value(last) + (stateUnknown ? " unknown" : ""));
    }

    synchronized List<String> lines() {
        return List.copyOf(lines);
    }

    private static String value(ApiObject object) {
        return object.text("/spec/value");
    }
}
