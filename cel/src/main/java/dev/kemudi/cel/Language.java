package dev.kemudi.cel;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationResult;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.StructType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.extensions.CelStringExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The language with Kubernetes' libraries: lists, regex, URLs, quantities, addresses, formats,
 * versions, strings, sets, optional values, comprehensions with two variables. What it evaluates
 * with is made once, at first use. Safe for use by many threads.
 *
 * <p>Source: the CEL specification; Kubernetes documentation, "Common Expression Language in
 * Kubernetes".
 */
final class Language {
    private static final CelOptions OPTIONS =
            CelOptions.current()
                    .enableHeterogeneousNumericComparisons(true)
                    .maxParseRecursionDepth(100)
                    .maxExpressionCodePointSize(Limits.defaults().expressionCharsMax())
                    .build();

    /** The library's, without those that {@link TextFunctions} has. */
    private static final Set<CelStringExtensions.Function> STRINGS =
            EnumSet.complementOf(
                    EnumSet.of(
                            CelStringExtensions.Function.REPLACE,
                            CelStringExtensions.Function.JOIN));

    private Language() {}

    /** Made when first used: it takes a second of a cold machine. */
    private static final class Running {
        static final Functions FUNCTIONS = functions();
        static final CelRuntime RUNTIME =
                CelRuntimeFactory.standardCelRuntimeBuilder()
                        .setOptions(OPTIONS)
                        .addLibraries(
                                CelExtensions.optional(),
                                CelExtensions.strings(STRINGS),
                                CelExtensions.sets(OPTIONS),
                                CelExtensions.comprehensions())
                        .addLibraries(FUNCTIONS)
                        .build();
    }

    private static Functions functions() {
        Functions functions = new Functions();
        AddressFunctions.addTo(functions);
        AuthorizerFunctions.addTo(functions);
        FormatFunctions.addTo(functions);
        FormatStrings.addTo(functions);
        ListFunctions.addTo(functions);
        QuantityFunctions.addTo(functions);
        SemverFunctions.addTo(functions);
        TextFunctions.addTo(functions);
        UrlFunctions.addTo(functions);
        return functions;
    }

    /** Compiles expressions over variables of these types. Making one costs more than compiling. */
    static CelCompiler compiler(Map<String, CelType> variables, Set<Shape> shapes) {
        CelCompilerBuilder builder =
                CelCompilerFactory.standardCelCompilerBuilder()
                        .setOptions(OPTIONS)
                        .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                        .setTypeProvider(new Structs(shapes))
                        .addLibraries(
                                CelExtensions.optional(),
                                CelExtensions.strings(STRINGS),
                                CelExtensions.sets(OPTIONS),
                                CelExtensions.comprehensions())
                        .addLibraries(Running.FUNCTIONS);
        variables.forEach(builder::addVar);
        return builder.build();
    }

    /**
     * @throws ExpressionException when the text is no expression, names what is not there, or its
     *     result has another type
     */
    static Expression compile(CelCompiler compiler, String text, CelType result)
            throws ExpressionException {
        return compile(compiler, text, result, parsed -> parsed);
    }

    /** As above, with what was parsed rewritten before its types are checked. */
    static Expression compile(
            CelCompiler compiler,
            String text,
            CelType result,
            UnaryOperator<CelAbstractSyntaxTree> rewrite)
            throws ExpressionException {
        try {
            CelAbstractSyntaxTree parsed = valid(compiler.parse(text)).getAst();
            CelAbstractSyntaxTree tree = valid(compiler.check(rewrite.apply(parsed))).getAst();
            if (!result.isAssignableFrom(tree.getResultType())) {
                throw new ExpressionException(
                        "must evaluate to %s, found %s"
                                .formatted(result.name(), tree.getResultType().name()));
            }
            return new Expression(text, tree, Running.RUNTIME.createProgram(tree));
        } catch (dev.cel.common.CelValidationException
                | CelEvaluationException
                | IllegalArgumentException e) {
            throw new ExpressionException("compilation failed: " + e.getMessage(), e);
        }
    }

    private static CelValidationResult valid(CelValidationResult result)
            throws ExpressionException {
        if (result.hasError()) {
            throw new ExpressionException("compilation failed: " + result.getErrorString());
        }
        return result;
    }

    /** The objects that expressions may name, for the checker; filled by its constructor alone. */
    @SuppressWarnings("Immutable")
    private static final class Structs implements CelTypeProvider {
        private final Map<String, CelType> byName = new HashMap<>();

        Structs(Set<Shape> shapes) {
            shapes.forEach(this::add);
        }

        private void add(Shape shape) {
            if (shape.type() instanceof StructType struct
                    && byName.put(struct.name(), struct) != null) {
                return;
            }
            shape.fields().values().forEach(field -> add(field.shape()));
            shape.elements().ifPresent(this::add);
        }

        @Override
        public ImmutableCollection<CelType> types() {
            return ImmutableList.copyOf(byName.values());
        }

        @Override
        public Optional<CelType> findType(String name) {
            return Optional.ofNullable(byName.get(name));
        }
    }
}
