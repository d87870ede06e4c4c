package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/*
 * A set of field paths as a trie
 * ------------------------------
 * Each edge is one path element in its FieldsV1 spelling (see PathElements): "f:spec", "k:{"name":"web"}",
 * "v:"x"", "i:0". A node is a member of the set or only on the way to members; nodes that are neither are
 * never kept, so two sets are equal when their tries are. All operations answer new sets and share unchanged
 * subtries.
 *
 * INVARIANT: every leaf below the root is a member.
 */
/**
 * An immutable set of paths to fields, with the algebra that ownership needs
 * (structured-merge-diff's field sets).
 */
final class FieldSet {
    static final FieldSet EMPTY = new FieldSet(false, new TreeMap<>());
    static final FieldSet LEAF = new FieldSet(true, new TreeMap<>());

    private final boolean member;
    private final TreeMap<String, FieldSet> children;

    private FieldSet(boolean member, TreeMap<String, FieldSet> children) {
        this.member = member;
        this.children = children;
    }

    static FieldSet of(boolean member, TreeMap<String, FieldSet> children) {
        children.values().removeIf(FieldSet::isEmpty);
        if (children.isEmpty()) {
            return member ? LEAF : EMPTY;
        }
        return new FieldSet(member, children);
    }

    boolean isEmpty() {
        return !member && children.isEmpty();
    }

    boolean member() {
        return member;
    }

    boolean hasChildren() {
        return !children.isEmpty();
    }

    Map<String, FieldSet> children() {
        return children;
    }

    FieldSet child(String element) {
        return children.getOrDefault(element, EMPTY);
    }

    FieldSet asMember() {
        return member ? this : children.isEmpty() ? LEAF : new FieldSet(true, children);
    }

    /** With everything on the way to its members as members too: what goes when all of it goes. */
    FieldSet wholly() {
        TreeMap<String, FieldSet> all = new TreeMap<>();
        children.forEach((element, set) -> all.put(element, set.wholly()));
        return of(true, all);
    }

    FieldSet union(FieldSet other) {
        if (other.isEmpty()) {
            return this;
        }
        if (isEmpty()) {
            return other;
        }
        TreeMap<String, FieldSet> union = new TreeMap<>(children);
        other.children.forEach((element, set) -> union.merge(element, set, FieldSet::union));
        return of(member || other.member, union);
    }

    FieldSet intersection(FieldSet other) {
        TreeMap<String, FieldSet> both = new TreeMap<>();
        children.forEach(
                (element, set) -> both.put(element, set.intersection(other.child(element))));
        return of(member && other.member, both);
    }

    FieldSet difference(FieldSet other) {
        if (other.isEmpty()) {
            return this;
        }
        TreeMap<String, FieldSet> rest = new TreeMap<>();
        children.forEach((element, set) -> rest.put(element, set.difference(other.child(element))));
        return of(member && !other.member, rest);
    }

    /**
     * The difference in which a named field on the way to members of {@code other} counts as one of
     * its members.
     */
    FieldSet differenceOfNamed(FieldSet other) {
        TreeMap<String, FieldSet> rest = new TreeMap<>();
        children.forEach((element, set) -> {
            FieldSet theirs = other.child(element);
            boolean named = PathElements.isField(element) && theirs.hasChildren();
            rest.put(element, set.differenceOfNamed(named ? theirs.asMember() : theirs));
        });
        return of(member && !other.member, rest);
    }

    /** Without each path of {@code other} and everything below it. */
    FieldSet without(FieldSet other) {
        if (other.member) {
            return EMPTY;
        }
        TreeMap<String, FieldSet> rest = new TreeMap<>(children);
        other.children.forEach((element, theirs) ->
                rest.computeIfPresent(element, (e, mine) -> mine.without(theirs)));
        return of(member, rest);
    }

    /** Only what lies at or below {@code element}. */
    FieldSet only(String element) {
        TreeMap<String, FieldSet> kept = new TreeMap<>();
        kept.put(element, child(element));
        return of(false, kept);
    }

    /**
     * The members as paths such as {@code .spec.ports[containerPort=80,protocol="TCP"].name},
     * sorted.
     */
    List<String> paths() {
        List<String> paths = new ArrayList<>();
        collect("", paths);
        return paths;
    }

    private void collect(String prefix, List<String> paths) {
        if (member) {
            paths.add(prefix);
        }
        children.forEach(
                (element, set) -> set.collect(prefix + PathElements.readable(element), paths));
    }

    /** The set in the FieldsV1 format. */
    ObjectNode toFieldsV1() {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        if (member && !children.isEmpty()) {
            node.putObject(".");
        }
        children.forEach((element, set) -> node.set(element, set.toFieldsV1()));
        return node;
    }

    /**
     * Reads the FieldsV1 format.
     *
     * @throws IllegalArgumentException naming the element that cannot be read
     */
    static FieldSet fromFieldsV1(JsonNode fields) {
        TreeMap<String, FieldSet> children = new TreeMap<>();
        fields.properties()
                .forEach(e -> {
                    if (!e.getKey().equals(".")) {
                        FieldSet below = fromFieldsV1(e.getValue());
                        boolean member = e.getValue().isEmpty() || e.getValue().has(".");
                        children.put(
                                PathElements.canonical(e.getKey()),
                                member ? below.asMember() : below);
                    }
                });
        return of(false, children);
    }

    /** A set of the given FieldsV1 paths, each a list of elements. */
    static FieldSet ofPath(String... elements) {
        FieldSet set = LEAF;
        for (int i = elements.length - 1; i >= 0; i--) {
            TreeMap<String, FieldSet> children = new TreeMap<>();
            children.put(elements[i], set);
            set = of(false, children);
        }
        return set;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FieldSet set
                && member == set.member
                && children.equals(set.children);
    }

    @Override
    public int hashCode() {
        return 31 * children.hashCode() + Boolean.hashCode(member);
    }

    @Override
    public String toString() {
        return toFieldsV1().toString();
    }
}
