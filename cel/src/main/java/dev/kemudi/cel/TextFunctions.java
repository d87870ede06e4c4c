package dev.kemudi.cel;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import java.util.ArrayList;
import java.util.List;

/**
 * Kubernetes' regex library, and what of the strings library may build long texts from short ones.
 * Patterns are RE2: their cost is linear in the text.
 */
final class TextFunctions {
    private TextFunctions() {}

    static void addTo(Functions functions) {
        functions.global( // for paths of JSON patches, RFC 6901
                "jsonpatch.escapeKey",
                SimpleType.STRING,
                SimpleType.STRING,
                String.class,
                key -> key.replace("~", "~0").replace("/", "~1"));
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
        addBuildersTo(functions, texts);
    }

    /** In place of the library's own, which build whatever is asked for. */
    private static void addBuildersTo(Functions functions, ListType texts) {
        functions.member(
                "replace",
                SimpleType.STRING,
                List.of(SimpleType.STRING, SimpleType.STRING, SimpleType.STRING),
                List.of(String.class, String.class, String.class),
                arguments ->
                        replace(
                                (String) arguments[0],
                                (String) arguments[1],
                                (String) arguments[2],
                                -1));
        functions.member(
                "replace",
                SimpleType.STRING,
                List.of(SimpleType.STRING, SimpleType.STRING, SimpleType.STRING, SimpleType.INT),
                List.of(String.class, String.class, String.class, Long.class),
                arguments ->
                        replace(
                                (String) arguments[0],
                                (String) arguments[1],
                                (String) arguments[2],
                                (Long) arguments[3]));
        functions.member("join", SimpleType.STRING, texts, List.class, list -> join(list, ""));
        functions.member(
                "join",
                SimpleType.STRING,
                texts,
                List.class,
                SimpleType.STRING,
                String.class,
                TextFunctions::join);
    }

    /**
     * @param limit how many are replaced at most; all when negative
     */
    private static String replace(String text, String sought, String by, long limit) {
        BoundedText out = new BoundedText();
        int copied = 0;
        int from = 0;
        for (long left = limit; left != 0; left--) {
            int found = text.indexOf(sought, from);
            if (found < 0) {
                break;
            }
            out.append(text, copied, found).append(by);
            copied = found + sought.length();
            from = copied;
            if (sought.isEmpty()) { // it stands before each character and at the end
                if (found == text.length()) {
                    break;
                }
                from = text.offsetByCodePoints(found, 1);
            }
        }
        return out.append(text, copied, text.length()).toString();
    }

    private static String join(List<?> texts, String between) {
        BoundedText out = new BoundedText();
        String before = "";
        for (Object each : texts) {
            out.append(before).append((String) each);
            before = between;
        }
        return out.toString();
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
