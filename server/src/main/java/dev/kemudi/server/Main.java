package dev.kemudi.server;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
        name = "kemudi",
        description = "The cloud-native stack on the JVM, in one process.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "First steps: ./kemudi up examples/hello"})
public final class Main implements Runnable {
    @CommandLine.Mixin private HelpOption help = new HelpOption();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec spec;

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Exit code: 0 done, 1 failed, 2 wrong usage. */
    static int run(String... arguments) {
        CommandLine line = line(arguments).setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler((wrong, given) -> {
            wrong.getCommandLine()
                    .getErr()
                    .println(
                            "kemudi: "
                                    + wrong.getMessage()
                                    + "; see ./kemudi help "
                                    + wrong.getCommandLine().getCommandName());
            return CommandLine.ExitCode.USAGE;
        });
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof UsageException) {
                command.getErr().println("kemudi: " + failure.getMessage());
                return CommandLine.ExitCode.USAGE;
            }
            if (failure instanceof FailedException) {
                command.getErr().println("kemudi: " + failure.getMessage());
                return CommandLine.ExitCode.SOFTWARE;
            }
            throw failure;
        });
        return line.execute(arguments);
    }

    /** A start knows {@code up} alone: picocli's models of all the others would make it slower. */
    private static CommandLine line(String... arguments) {
        CommandLine line = new CommandLine(new Main()).addSubcommand(new Up());
        if (arguments.length > 0 && arguments[0].equals("up")) {
            return line;
        }
        return line.addSubcommand(new StatusCommand())
                .addSubcommand(new StoreCommand())
                .addSubcommand(new VersionCommand())
                .addSubcommand(new Train())
                .addSubcommand(new CommandLine.HelpCommand());
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
