package dev.kemudi.cel;

import dev.cel.checker.CelCheckerBuilder;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.types.CelType;
import dev.cel.compiler.CelCompilerLibrary;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelFunctionOverload;
import dev.cel.runtime.CelRuntimeBuilder;
import dev.cel.runtime.CelRuntimeLibrary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A library in the making: each function with its declaration and what it does. Not safe for many
 * threads.
 */
final class Functions implements CelCompilerLibrary, CelRuntimeLibrary {
    private final Map<String, List<CelOverloadDecl>> declared = new LinkedHashMap<>();
    private final List<CelFunctionBinding> bound = new ArrayList<>();

    /** {@code name(a)}. */
    <A> void global(
            String name,
            CelType result,
            CelType a,
            Class<A> type,
            CelFunctionOverload.Unary<A> body) {
        String id = id(name, a);
        declare(name, CelOverloadDecl.newGlobalOverload(id, result, a));
        bound.add(CelFunctionBinding.from(id, type, body));
    }

    /** {@code name()}; the value never changes. */
    @SuppressWarnings("Immutable")
    void constant(String name, CelType result, Object value) {
        String id = name.replace('.', '_');
        declare(name, CelOverloadDecl.newGlobalOverload(id, result));
        bound.add(CelFunctionBinding.from(id, List.of(), arguments -> value));
    }

    /** {@code self.name()}. */
    <A> void member(
            String name,
            CelType result,
            CelType self,
            Class<A> type,
            CelFunctionOverload.Unary<A> body) {
        String id = id(name, self) + "_member";
        declare(name, CelOverloadDecl.newMemberOverload(id, result, self));
        bound.add(CelFunctionBinding.from(id, type, body));
    }

    /** {@code self.name(b)}. */
    <A, B> void member(
            String name,
            CelType result,
            CelType self,
            Class<A> selfType,
            CelType b,
            Class<B> type,
            CelFunctionOverload.Binary<A, B> body) {
        String id = id(name, self, b) + "_member";
        declare(name, CelOverloadDecl.newMemberOverload(id, result, self, b));
        bound.add(CelFunctionBinding.from(id, selfType, type, body));
    }

    /** {@code self.name(b, c)}, all of them as they come. */
    void member(
            String name,
            CelType result,
            List<CelType> parameters,
            List<Class<?>> types,
            CelFunctionOverload body) {
        String id = id(name, parameters.toArray(CelType[]::new)) + "_member";
        declare(name, CelOverloadDecl.newMemberOverload(id, result, parameters));
        bound.add(CelFunctionBinding.from(id, types, body));
    }

    private void declare(String name, CelOverloadDecl overload) {
        declared.computeIfAbsent(name, unused -> new ArrayList<>()).add(overload);
    }

    private static String id(String name, CelType... parameters) {
        StringBuilder id = new StringBuilder("kubernetes_").append(name.replace('.', '_'));
        for (CelType parameter : parameters) {
            id.append('_').append(parameter.kind()).append('_').append(parameter.name());
        }
        return id.toString().replace('.', '_');
    }

    @Override
    public void setCheckerOptions(CelCheckerBuilder checker) {
        declared.forEach((name, overloads) ->
                checker.addFunctionDeclarations(
                        CelFunctionDecl.newFunctionDeclaration(name, overloads)));
    }

    @Override
    public void setRuntimeOptions(CelRuntimeBuilder runtime) {
        runtime.addFunctionBindings(bound);
    }
}
