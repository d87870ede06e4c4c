package dev.kemudi.cel;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import java.util.ArrayList;
import java.util.List;

/** Kubernetes' regex library. Patterns are RE2: their cost is linear in the text. */
final class TextFunctions {
    private TextFunctions() {}

    static void addTo(Functions functions) {
        functions.member(
                "find",
                SimpleType.STRING,
                SimpleType.STRING,
                String.class,
                SimpleType.STRING,
                String.class,
                (text, pattern) -> {
                    Matcher matcher = Pattern.compile(pattern).matcher(text);
                    return matcher.find() ? matcher.group() : "";
                });
        ListType texts = ListType.create(SimpleType.STRING);
        functions.member(
                "findAll",
                texts,
                SimpleType.STRING,
                String.class,
                SimpleType.STRING,
                String.class,
                (text, pattern) -> findAll(text, pattern, -1));
        functions.member(
                "findAll",
                texts,
                List.of(SimpleType.STRING, SimpleType.STRING, SimpleType.INT),
                List.of(String.class, String.class, Long.class),
                arguments ->
                        findAll((String) arguments[0], (String) arguments[1], (Long) arguments[2]));
    }

    private static List<String> findAll(String text, String pattern, long limit) {
        List<String> found = new ArrayList<>();
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        while ((limit < 0 || found.size() < limit) && matcher.find()) {
            found.add(matcher.group());
        }
        return found;
    }
}
