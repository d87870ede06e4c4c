package dev.kemudi.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.UnaryOperator;

/**
 * How objects of one version are kept as objects of another: both versions show the same objects.
 * The functions are without state, called by many threads, and may change the tree that they are
 * given.
 *
 * @param resource what they are kept as, and where
 * @param toStored from the shown form, without setting {@code apiVersion}
 * @param fromStored the inverse
 */
public record StoredForm(
        Resource resource,
        UnaryOperator<ObjectNode> toStored,
        UnaryOperator<ObjectNode> fromStored) {}
