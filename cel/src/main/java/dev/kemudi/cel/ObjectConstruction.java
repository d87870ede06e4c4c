package dev.kemudi.cel;

import com.google.common.collect.ImmutableList;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.CelCall;
import dev.cel.common.ast.CelExpr.CelComprehension;
import dev.cel.common.ast.CelExpr.CelList;
import dev.cel.common.ast.CelExpr.CelMap;
import dev.cel.common.ast.CelExpr.CelSelect;
import dev.cel.common.ast.CelExpr.CelStruct;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/*
 * How an object is built by an expression
 * ---------------------------------------
 * Mutating policies write Object{spec: Object.spec{replicas: 3}} and JSONPatch{op: "add", …}. The names say
 * where in the object a part belongs, nothing more: the schema is asked when the result is merged, as with
 * any applied configuration. So after parsing, before checking, each such construction becomes a map with the
 * same members, and the language needs to know no type by name. Names that do not follow the place where they
 * stand are refused, as Kubernetes refuses them.
 */
/** Rewrites constructions of objects and patches into maps. */
final class ObjectConstruction {
    private static final String OBJECT = "Object";
    private static final String PATCH = "JSONPatch";

    private final AtomicLong ids;

    private ObjectConstruction(AtomicLong ids) {
        this.ids = ids;
    }

    static CelAbstractSyntaxTree asMaps(CelAbstractSyntaxTree parsed) {
        ObjectConstruction rewriting = new ObjectConstruction(new AtomicLong(1_000_000));
        CelExpr root = rewriting.of(parsed.getExpr());
        return CelAbstractSyntaxTree.newParsedAst(root, parsed.getSource());
    }

    private CelExpr of(CelExpr expression) {
        long id = expression.id();
        return switch (expression.getKind()) {
            case STRUCT -> construction(id, expression.struct());
            case SELECT -> {
                CelSelect select = expression.select();
                yield CelExpr.ofSelect(id, of(select.operand()), select.field(), select.testOnly());
            }
            case CALL -> {
                CelCall call = expression.call();
                yield CelExpr.ofCall(
                        id, call.target().map(this::of), call.function(), all(call.args()));
            }
            case LIST -> {
                CelList list = expression.list();
                yield CelExpr.ofList(id, all(list.elements()), list.optionalIndices());
            }
            case MAP -> {
                ImmutableList.Builder<CelMap.Entry> entries = ImmutableList.builder();
                for (CelMap.Entry e : expression.map().entries()) {
                    entries.add(
                            CelExpr.ofMapEntry(
                                    e.id(), of(e.key()), of(e.value()), e.optionalEntry()));
                }
                yield CelExpr.ofMap(id, entries.build());
            }
            case COMPREHENSION -> {
                CelComprehension loop = expression.comprehension();
                yield expression.toBuilder()
                        .setComprehension(
                                loop.toBuilder()
                                        .setIterRange(of(loop.iterRange()))
                                        .setAccuInit(of(loop.accuInit()))
                                        .setLoopCondition(of(loop.loopCondition()))
                                        .setLoopStep(of(loop.loopStep()))
                                        .setResult(of(loop.result()))
                                        .build())
                        .build();
            }
            case CONSTANT, IDENT, NOT_SET -> expression;
        };
    }

    private ImmutableList<CelExpr> all(List<CelExpr> expressions) {
        return expressions.stream().map(this::of).collect(ImmutableList.toImmutableList());
    }

    private CelExpr construction(long id, CelStruct struct) {
        String name = struct.messageName();
        boolean known = name.equals(PATCH) || name.equals(OBJECT) || name.startsWith(OBJECT + ".");
        ImmutableList.Builder<CelMap.Entry> members = ImmutableList.builder();
        for (CelStruct.Entry entry : struct.entries()) {
            checkName(name, entry);
            String field = Identifiers.unescape(entry.fieldKey());
            CelExpr key = CelExpr.ofConstant(ids.incrementAndGet(), CelConstant.ofValue(field));
            members.add(
                    CelExpr.ofMapEntry(entry.id(), key, of(entry.value()), entry.optionalEntry()));
        }
        if (!known) {
            throw new IllegalArgumentException(
                    "undeclared reference to '%s': only Object, Object.<field> and JSONPatch can be built"
                            .formatted(name));
        }
        return CelExpr.ofMap(id, members.build());
    }

    /** {@code Object.spec} stands at {@code spec} of an Object and nowhere else. */
    private static void checkName(String outer, CelStruct.Entry entry) {
        if (outer.equals(PATCH) || entry.value().getKind() != CelExpr.ExprKind.Kind.STRUCT) {
            return;
        }
        String inner = entry.value().struct().messageName();
        String expected = outer + "." + entry.fieldKey();
        if (!inner.equals(expected)) {
            throw new IllegalArgumentException(
                    "unexpected type name \"%s\", expected \"%s\", which matches field name path from"
                                    .formatted(inner, expected)
                            + " root Object type");
        }
    }
}
