package dev.kemudi.store;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * An ordered map that is never changed: {@link #with} and {@link #without} share all but one path
 * (an AVL tree).
 */
final class Tree {
    static final Tree EMPTY = new Tree(null);

    private final @Nullable Node root;

    private record Node(
            byte[] key, byte[] value, @Nullable Node left, @Nullable Node right, int height) {}

    private Tree(@Nullable Node root) {
        this.root = root;
    }

    byte @Nullable [] get(byte[] key) {
        Node node = root;
        while (node != null) {
            int order = Arrays.compareUnsigned(key, node.key);
            if (order == 0) {
                return node.value;
            }
            node = order < 0 ? node.left : node.right;
        }
        return null;
    }

    Tree with(byte[] key, byte[] value) {
        return new Tree(insert(root, key, value));
    }

    Tree without(byte[] key) {
        return get(key) == null ? this : new Tree(remove(root, key));
    }

    Tree withoutRange(byte[] from, byte[] to) {
        Tree tree = this;
        try (Rows.Cursor cursor = cursor(from)) {
            for (; cursor.valid() && Arrays.compareUnsigned(cursor.key(), to) < 0; cursor.next()) {
                tree = tree.without(cursor.key());
            }
        }
        return tree;
    }

    Rows.Cursor cursor(byte[] from) {
        Walk walk = new Walk();
        walk.seek(from);
        return walk;
    }

    private static int height(@Nullable Node node) {
        return node == null ? 0 : node.height;
    }

    private static Node node(byte[] key, byte[] value, @Nullable Node left, @Nullable Node right) {
        return new Node(key, value, left, right, 1 + Math.max(height(left), height(right)));
    }

    private static Node insert(@Nullable Node at, byte[] key, byte[] value) {
        if (at == null) {
            return node(key, value, null, null);
        }
        int order = Arrays.compareUnsigned(key, at.key);
        if (order == 0) {
            return node(key, value, at.left, at.right);
        }
        return order < 0
                ? balanced(at.key, at.value, insert(at.left, key, value), at.right)
                : balanced(at.key, at.value, at.left, insert(at.right, key, value));
    }

    private static @Nullable Node remove(@Nullable Node at, byte[] key) {
        if (at == null) {
            return null;
        }
        int order = Arrays.compareUnsigned(key, at.key);
        if (order < 0) {
            return balanced(at.key, at.value, remove(at.left, key), at.right);
        }
        if (order > 0) {
            return balanced(at.key, at.value, at.left, remove(at.right, key));
        }
        if (at.right == null) {
            return at.left;
        }
        Node next = at.right;
        while (next.left != null) {
            next = next.left;
        }
        return balanced(next.key, next.value, at.left, remove(at.right, next.key));
    }

    private static Node balanced(
            byte[] key, byte[] value, @Nullable Node left, @Nullable Node right) {
        int lean = height(left) - height(right);
        if (lean > 1 && left != null) {
            Node inner = left.right;
            if (inner != null && height(inner) > height(left.left)) {
                return node(
                        inner.key,
                        inner.value,
                        node(left.key, left.value, left.left, inner.left),
                        node(key, value, inner.right, right));
            }
            return node(left.key, left.value, left.left, node(key, value, left.right, right));
        }
        if (lean < -1 && right != null) {
            Node inner = right.left;
            if (inner != null && height(inner) > height(right.right)) {
                return node(
                        inner.key,
                        inner.value,
                        node(key, value, left, inner.left),
                        node(right.key, right.value, inner.right, right.right));
            }
            return node(right.key, right.value, node(key, value, left, right.left), right.right);
        }
        return node(key, value, left, right);
    }

    private final class Walk implements Rows.Cursor {
        private final Deque<Node> path = new ArrayDeque<>();

        @Override
        public void seek(byte[] key) {
            path.clear();
            Node node = root;
            while (node != null) {
                if (Arrays.compareUnsigned(key, node.key) <= 0) {
                    path.push(node);
                    node = node.left;
                } else {
                    node = node.right;
                }
            }
        }

        @Override
        public boolean valid() {
            return !path.isEmpty();
        }

        @Override
        public byte[] key() {
            return path.element().key;
        }

        @Override
        public byte[] value() {
            return path.element().value;
        }

        @Override
        public void next() {
            for (Node node = path.pop().right; node != null; node = node.left) {
                path.push(node);
            }
        }

        @Override
        public void close() {
            path.clear();
        }
    }
}
