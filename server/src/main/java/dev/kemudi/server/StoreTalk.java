package dev.kemudi.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import picocli.CommandLine;

/** What every command that asks a running store has: where it is, and how answers are printed. */
final class StoreTalk {
    @CommandLine.Mixin private HelpOption help = new HelpOption();
    @CommandLine.Mixin private StoreReach reach = new StoreReach();
    @CommandLine.Mixin private StoreOutput output = new StoreOutput();

    @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec command;

    /**
     * @throws UsageException when nothing says where the store is
     */
    StoreClient connect() {
        return reach.connect();
    }

    ObjectNode row() {
        return output.row();
    }

    void print(List<ObjectNode> rows) {
        output.print(rows, command.commandLine().getOut());
    }

    void print(ObjectNode fields, String sentence) {
        output.print(fields, sentence, command.commandLine().getOut());
    }
}
