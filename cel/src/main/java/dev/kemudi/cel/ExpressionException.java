package dev.kemudi.cel;

/** An expression cannot be compiled, or its evaluation failed. The message says why, for people. */
public final class ExpressionException extends Exception {
    private static final long serialVersionUID = 1L;

    public ExpressionException(String message) {
        super(message);
    }

    public ExpressionException(String message, Throwable cause) {
        super(message, cause);
    }
}
