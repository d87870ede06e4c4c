package dev.kemudi.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.etcd.proto.Member;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(name = "members", description = "Lists who belongs to the cluster.")
final class StoreMembers implements Callable<Integer> {
    @CommandLine.Mixin private HelpOption help = new HelpOption();
    @CommandLine.Mixin private StoreReach reach = new StoreReach();
    @CommandLine.Mixin private StoreOutput output = new StoreOutput();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() {
        try (StoreClient client = reach.connect()) {
            List<ObjectNode> rows = client.members().stream().map(this::row).toList();
            output.print(rows, spec.commandLine().getOut());
        }
        return 0;
    }

    private ObjectNode row(Member member) {
        ObjectNode row = output.row();
        row.put("id", Long.toHexString(member.getID())).put("name", member.getName());
        member.getPeerURLsList().forEach(row.putArray("peers")::add);
        member.getClientURLsList().forEach(row.putArray("clients")::add);
        return row.put("learner", member.getIsLearner());
    }
}
