package dev.kemudi.cel;

import java.util.Optional;
import java.util.Set;

/**
 * Field names as identifiers of the language. Source: Kubernetes documentation,
 * "CustomResourceDefinition validation rules", escaping.
 */
final class Identifiers {
    private static final Set<String> RESERVED =
            Set.of(
                    "true",
                    "false",
                    "null",
                    "in",
                    "as",
                    "break",
                    "const",
                    "continue",
                    "else",
                    "for",
                    "function",
                    "if",
                    "import",
                    "let",
                    "loop",
                    "package",
                    "namespace",
                    "return",
                    "var",
                    "void",
                    "while");

    private Identifiers() {}

    /** The identifier for a field, or nothing when the language cannot name it. */
    static Optional<String> escape(String field) {
        if (RESERVED.contains(field)) {
            return Optional.of("__" + field + "__");
        }
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < field.length(); i++) {
            char c = field.charAt(i);
            boolean digit = c >= '0' && c <= '9';
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (c == '_' && i + 1 < field.length() && field.charAt(i + 1) == '_') {
                escaped.append("__underscores__");
                i++;
            } else if (letter || c == '_' || (digit && i > 0)) {
                escaped.append(c);
            } else {
                switch (c) {
                    case '.' -> escaped.append("__dot__");
                    case '-' -> escaped.append("__dash__");
                    case '/' -> escaped.append("__slash__");
                    default -> {
                        return Optional.empty();
                    }
                }
            }
        }
        return escaped.isEmpty() ? Optional.empty() : Optional.of(escaped.toString());
    }

    /** The field that an identifier stands for. */
    static String unescape(String identifier) {
        if (identifier.startsWith("__") && identifier.endsWith("__")) {
            String word = identifier.substring(2, Math.max(2, identifier.length() - 2));
            if (RESERVED.contains(word)) {
                return word;
            }
        }
        return identifier
                .replace("__underscores__", "__")
                .replace("__dot__", ".")
                .replace("__dash__", "-")
                .replace("__slash__", "/");
    }
}
