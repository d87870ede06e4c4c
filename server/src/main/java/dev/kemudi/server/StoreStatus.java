package dev.kemudi.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.etcd.proto.Member;
import dev.kemudi.etcd.proto.StatusRequest;
import dev.kemudi.etcd.proto.StatusResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
        name = "status",
        description =
                "Asks every member how it stands. Exit code 4 when one does not answer, or there is"
                        + " no leader.")
final class StoreStatus implements Callable<Integer> {
    private static final int NOT_WELL = 4;

    @CommandLine.Mixin private StoreTalk talk = new StoreTalk();

    @Override
    public Integer call() {
        List<ObjectNode> rows = new ArrayList<>();
        boolean well = true;
        try (StoreClient client = talk.connect()) {
            for (StoreClient.Reached each : client.reach()) {
                ObjectNode row = row(client, each);
                rows.add(row);
                well &= row.path("error").asText().isEmpty();
            }
        }
        talk.print(rows);
        return well ? 0 : NOT_WELL;
    }

    private ObjectNode row(StoreClient client, StoreClient.Reached each) {
        Member member = each.member();
        ObjectNode row = talk.row();
        row.put("id", Long.toHexString(member.getID())).put("name", member.getName());
        row.put("endpoint", each.address());
        StatusResponse status;
        try {
            status = status(client, each);
        } catch (FailedException e) {
            row.put("role", "").put("version", "").put("revision", "").put("term", "");
            row.put("applied", "").put("bytes", "");
            return row.put("error", e.getMessage());
        }
        boolean leads = status.getLeader() == member.getID();
        row.put("role", leads ? "leader" : member.getIsLearner() ? "learner" : "follower");
        row.put("version", status.getVersion());
        row.put("revision", status.getHeader().getRevision()).put("term", status.getRaftTerm());
        row.put("applied", status.getRaftAppliedIndex()).put("bytes", status.getDbSize());
        return row.put("error", status.getLeader() == 0 ? "has no leader" : "");
    }

    private static StatusResponse status(StoreClient client, StoreClient.Reached each) {
        if (each.address().isEmpty()) {
            throw new FailedException("has not started yet");
        }
        return client.ask(
                each.address(),
                () ->
                        client.maintenance(each.address())
                                .status(StatusRequest.getDefaultInstance()));
    }
}
