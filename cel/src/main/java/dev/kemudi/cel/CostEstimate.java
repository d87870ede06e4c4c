package dev.kemudi.cel;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.CelCall;
import dev.cel.common.ast.CelExpr.CelComprehension;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/*
 * What an expression may cost at worst
 * ------------------------------------
 * Known before any object is: by how long lists, maps and texts may become, which the schema says (Shape).
 * Each step costs one; a comprehension costs its body once for each element it may see; functions that walk
 * through texts and lists cost a tenth of a unit for each character or element. Sums and products saturate.
 *
 * The model is that of cel-go, from which Kubernetes takes its limits; estimates here agree with it in the
 * order of magnitude, which is what limits of ten million are about.
 */
/** Estimates one expression. For one thread. */
final class CostEstimate {
    private static final long LIST_COST = 10;
    private static final long MAP_COST = 30;
    private static final long STRUCT_COST = 40;
    private static final long ELEMENTS_A_UNIT = 10;
    private static final long REGEX_CHARS_A_UNIT = 4;

    private final CelAbstractSyntaxTree tree;
    private final long sizeUnknown;
    private final Map<String, Term> scope = new HashMap<>();

    /**
     * @param size the most elements or characters of the value
     * @param shape where the value stands in a schema, if it does
     */
    private record Term(long cost, long size, Optional<Shape> shape) {
        Term plus(long more) {
            return new Term(add(cost, more), size, shape);
        }
    }

    private CostEstimate(CelAbstractSyntaxTree tree, Map<String, Shape> variables, Limits limits) {
        this.tree = tree;
        sizeUnknown = limits.requestBytesMax() - 2L;
        variables.forEach((name, shape) -> scope.put(name, at(shape)));
    }

    /**
     * What {@code expression} costs at most over variables of these shapes; the largest long for
     * more.
     */
    static long of(Expression expression, Map<String, Shape> variables, Limits limits) {
        CelAbstractSyntaxTree tree = expression.tree();
        return new CostEstimate(tree, variables, limits).term(tree.getExpr()).cost();
    }

    static long add(long a, long b) {
        long sum = a + b;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    static long times(long a, long b) {
        return a != 0 && b > Long.MAX_VALUE / a ? Long.MAX_VALUE : a * b;
    }

    private static Term at(Shape shape) {
        return new Term(1, shape.sizeMax(), Optional.of(shape));
    }

    private Term plain(long cost, long size) {
        return new Term(cost, size, Optional.empty());
    }

    private Term term(CelExpr expression) {
        return switch (expression.getKind()) {
            case CONSTANT -> plain(0, constantSize(expression.constant()));
            case IDENT -> scope.getOrDefault(expression.ident().name(), plain(1, sizeUnknown));
            case SELECT -> {
                Term operand = term(expression.select().operand());
                Optional<Shape> below = operand.shape().flatMap(s -> field(s, expression));
                yield new Term(add(operand.cost(), 1), sizeOf(below, expression), below);
            }
            case CALL -> call(expression);
            case LIST -> {
                long cost = LIST_COST;
                for (CelExpr element : expression.list().elements()) {
                    cost = add(cost, term(element).cost());
                }
                yield plain(cost, expression.list().elements().size());
            }
            case MAP -> {
                long cost = MAP_COST;
                for (var entry : expression.map().entries()) {
                    cost = add(cost, add(term(entry.key()).cost(), term(entry.value()).cost()));
                }
                yield plain(cost, expression.map().entries().size());
            }
            case STRUCT -> {
                long cost = STRUCT_COST;
                for (var entry : expression.struct().entries()) {
                    cost = add(cost, term(entry.value()).cost());
                }
                yield plain(cost, 1);
            }
            case COMPREHENSION -> comprehension(expression.comprehension());
            case NOT_SET -> plain(0, 1);
        };
    }

    private static Optional<Shape> field(Shape shape, CelExpr select) {
        return shape.form() == Shape.Form.STRUCT
                ? Optional.ofNullable(shape.fields().get(select.select().field()))
                        .map(Shape.Field::shape)
                : shape.elements();
    }

    private long sizeOf(Optional<Shape> shape, CelExpr expression) {
        if (shape.isPresent()) {
            return shape.get().sizeMax();
        }
        return tree.getType(expression.id())
                .map(type ->
                        switch (type.kind()) {
                            case BOOL, INT, UINT, DOUBLE, TIMESTAMP, DURATION, NULL_TYPE -> 1L;
                            default -> sizeUnknown;
                        })
                .orElse(sizeUnknown);
    }

    private static long constantSize(CelConstant constant) {
        return constant.getKind() == CelConstant.Kind.STRING_VALUE
                ? constant.stringValue().length()
                : 1;
    }

    private Term call(CelExpr expression) {
        CelCall call = expression.call();
        List<Term> terms = new ArrayList<>();
        call.target().ifPresent(target -> terms.add(term(target)));
        call.args().forEach(argument -> terms.add(term(argument)));
        long arguments = 0;
        for (Term each : terms) {
            arguments = add(arguments, each.cost());
        }
        return switch (call.function()) {
            case "_&&_", "_||_" -> plain(arguments, 1);
            case "_?_:_" ->
                    new Term(
                            add(
                                    terms.get(0).cost(),
                                    Math.max(terms.get(1).cost(), terms.get(2).cost())),
                            Math.max(terms.get(1).size(), terms.get(2).size()),
                            terms.get(1).shape());
            case "_[_]", "_[?_]" -> {
                Optional<Shape> below = terms.get(0).shape().flatMap(Shape::elements);
                yield new Term(add(arguments, 1), sizeOf(below, expression), below);
            }
            case "@in" -> plain(add(arguments, terms.getLast().size()), 1);
            case "contains" ->
                    plain(add(arguments, 1 + times(tenth(terms.get(0)), tenth(terms.get(1)))), 1);
            case "matches", "find", "findAll" ->
                    plain(
                            add(
                                    arguments,
                                    times(
                                            1 + tenth(terms.get(0)),
                                            1 + terms.get(1).size() / REGEX_CHARS_A_UNIT)),
                            terms.get(0).size());
            case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_" ->
                    plain(
                            add(arguments, 1 + Math.min(tenth(terms.get(0)), tenth(terms.get(1)))),
                            1);
            default -> anyCall(expression, terms, arguments);
        };
    }

    /** How long what a call builds from its arguments may be. */
    private static long built(String function, List<Term> terms, long sizeUnknown) {
        if (function.equals("replace") && terms.size() > 2) {
            return times(terms.get(0).size(), Math.max(1, terms.get(2).size()));
        }
        if (function.equals("join")) {
            Optional<Shape> elements = terms.getFirst().shape().flatMap(Shape::elements);
            long each = elements.map(Shape::sizeMax).orElse(sizeUnknown);
            long between = terms.size() > 1 ? terms.get(1).size() : 0;
            return times(terms.getFirst().size(), add(each, between));
        }
        long size = 1;
        for (Term each : terms) {
            size = add(size, each.size());
        }
        return size;
    }

    private Term anyCall(CelExpr expression, List<Term> terms, long arguments) {
        long walked = 0;
        for (Term each : terms) {
            walked = add(walked, tenth(each));
        }
        long size = built(expression.call().function(), terms, sizeUnknown);
        boolean scalar = sizeOf(Optional.empty(), expression) == 1;
        long cost = add(arguments, 1);
        if (Traversals.walks(expression.call().function())
                && !(scalar && size <= terms.size() + 1)) {
            cost = add(cost, walked);
        }
        return plain(cost, scalar ? 1 : size);
    }

    private static long tenth(Term term) {
        return (term.size() + ELEMENTS_A_UNIT - 1) / ELEMENTS_A_UNIT;
    }

    private Term comprehension(CelComprehension loop) {
        Term range = term(loop.iterRange());
        Term start = term(loop.accuInit());
        Optional<Shape> elements = range.shape().flatMap(Shape::elements);
        Term element =
                new Term(1, elements.map(Shape::sizeMax).orElse(elementSize(loop)), elements);
        Map<String, Term> outer = new HashMap<>(scope);
        scope.put(loop.iterVar(), isMap(loop) ? plain(1, sizeUnknown) : element);
        if (!loop.iterVar2().isEmpty()) {
            scope.put(loop.iterVar(), plain(1, isMap(loop) ? sizeUnknown : 1));
            scope.put(loop.iterVar2(), element);
        }
        long grown = start.size() == 0 ? range.size() : start.size();
        scope.put(loop.accuVar(), new Term(1, grown, start.shape()));
        long turn = add(term(loop.loopCondition()).cost(), term(loop.loopStep()).cost());
        Term result = term(loop.result());
        scope.clear();
        scope.putAll(outer);
        long cost = add(add(range.cost(), start.cost()), times(range.size(), turn));
        return result.plus(cost);
    }

    private boolean isMap(CelComprehension loop) {
        return tree.getType(loop.iterRange().id()).filter(MapType.class::isInstance).isPresent();
    }

    /**
     * Elements of lists that stand in no schema are of unknown size unless their type is a
     * scalar's.
     */
    private long elementSize(CelComprehension loop) {
        return tree.getType(loop.iterRange().id())
                .map(type ->
                        type instanceof ListType list
                                ? switch (list.elemType().kind()) {
                                    case BOOL, INT, UINT, DOUBLE, TIMESTAMP, DURATION -> 1L;
                                    default -> sizeUnknown;
                                }
                                : sizeUnknown)
                .orElse(sizeUnknown);
    }
}
