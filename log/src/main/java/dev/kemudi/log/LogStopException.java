package dev.kemudi.log;

import java.io.IOException;

/**
 * After this failure the disk's content is unknown, so only a restart, which reads it, may go on.
 */
final class LogStopException extends IOException {
    LogStopException(String message, IOException cause) {
        super(message + ": " + cause.getMessage(), cause);
    }
}
