package dev.kemudi.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.etcd.proto.Member;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(name = "members", description = "Lists who belongs to the cluster.")
final class StoreMembers implements Callable<Integer> {
    @CommandLine.Mixin private StoreTalk talk = new StoreTalk();

    @Override
    public Integer call() {
        try (StoreClient client = talk.connect()) {
            List<ObjectNode> rows = client.members().stream().map(this::row).toList();
            talk.print(rows);
        }
        return 0;
    }

    private ObjectNode row(Member member) {
        ObjectNode row = talk.row();
        row.put("id", Long.toHexString(member.getID())).put("name", member.getName());
        member.getPeerURLsList().forEach(row.putArray("peers")::add);
        member.getClientURLsList().forEach(row.putArray("clients")::add);
        return row.put("learner", member.getIsLearner());
    }
}
