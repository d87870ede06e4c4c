package dev.kemudi.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
        name = "version",
        description = "Prints the version of Kemudi, of Java, and of the protocols it speaks.")
final class VersionCommand implements Runnable {
    @CommandLine.Mixin private HelpOption help = new HelpOption();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine()
                .getOut()
                .printf(
                        "kemudi %s (Java %s; Kubernetes API 1.32, etcd API 3.5, Gateway API v1)%n",
                        version(), System.getProperty("java.version"));
    }

    static String version() {
        try (InputStream in = VersionCommand.class.getResourceAsStream("/kemudi.properties")) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "unknown");
        } catch (IOException e) {
            throw new UncheckedIOException("kemudi.properties in the jar cannot be read", e);
        }
    }
}
