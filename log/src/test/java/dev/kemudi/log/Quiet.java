package dev.kemudi.log;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * For tests that break a log thousands of times: its complaints would bury the tests' own output.
 */
final class Quiet implements BeforeAllCallback, AfterAllCallback {
    private static final Logger LOG = Logger.getLogger(FileLog.class.getName());

    @Override
    public void beforeAll(ExtensionContext context) {
        LOG.setLevel(Level.OFF);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        LOG.setLevel(null);
    }
}
