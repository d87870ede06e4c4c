package dev.kemudi.kinds;

import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Strategy;
import java.util.List;

/**
 * ConfigMaps: keys that can be file names, a size that fits the store, and immutability when asked
 * for.
 */
final class ConfigMapStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.integer(
                            "Data",
                            "How many entries it holds.",
                            o -> o.at("/data").size() + o.at("/binaryData").size()),
                    Columns.AGE);
}
