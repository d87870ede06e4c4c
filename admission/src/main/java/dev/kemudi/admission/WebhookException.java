package dev.kemudi.admission;

/** A webhook could not be called, or what it answered cannot be used. The message says why. */
final class WebhookException extends Exception {
    private static final long serialVersionUID = 1L;

    WebhookException(String message) {
        super(message);
    }

    WebhookException(String message, Throwable cause) {
        super(message, cause);
    }
}
