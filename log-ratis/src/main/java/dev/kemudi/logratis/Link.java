package dev.kemudi.logratis;

import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.ratis.client.RaftClientRpc;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.jspecify.annotations.Nullable;

/**
 * The way to the leader: within this process when this node leads, over gRPC when another does.
 * Safe for many threads.
 */
final class Link implements Closeable {
    private static final System.Logger LOG = System.getLogger(RatisLog.class.getName());
    private static final int SILENCE_MILLIS = 2_000;
    private static final ByteString MACHINE = ByteString.copyFrom(new byte[] {1});

    private final RaftServer server;
    private final RaftClientAsynchronousProtocol here;
    private final RaftGroupId group;
    private final Executor blocking;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final Map<RaftPeerId, RaftPeer> known = new HashMap<>();
    private final Supplier<RaftClientRpc> open;
    private volatile RaftClientRpc rpc;
    private volatile boolean closed;

    Link(
            RaftServer server,
            RaftServer.Division division,
            RaftGroupId group,
            RaftProperties properties,
            Parameters parameters,
            Executor blocking) {
        this.server = server;
        // The division itself takes requests on the caller's thread; the server around it would
        // hop.
        here = division instanceof RaftClientAsynchronousProtocol direct ? direct : server;
        this.group = group;
        this.blocking = blocking;
        GrpcFactory factory = new GrpcFactory(parameters);
        open = () -> factory.newRaftClientRpc(client, properties);
        rpc = open.get();
    }

    /** Who may lead, and where; a member that moved is looked for at its new address. */
    synchronized void know(Collection<RaftPeer> peers) {
        boolean moved = false;
        for (RaftPeer peer : peers) {
            RaftPeer before = known.put(peer.getId(), peer);
            moved |= before != null && !before.getAddress().equals(peer.getAddress());
        }
        if (moved && !closed) {
            RaftClientRpc old = rpc;
            rpc = open.get();
            blocking.execute(() -> {
                try {
                    old.close();
                } catch (IOException e) {
                    LOG.log(Level.DEBUG, "a line to a member did not close in order", e);
                }
            });
        }
        rpc.addRaftPeers(known.values());
    }

    /** Offers a batch; completes with the leader's word, after it applied the batch. */
    CompletableFuture<RaftClientReply> write(RaftPeerId leader, ByteString content) {
        return send(leader, RaftClientRequest.writeRequestType(), content);
    }

    /** Asks the leader's machine. */
    CompletableFuture<byte[]> ask(RaftPeerId leader, byte[] question) {
        ByteString content = MACHINE.concat(UnsafeByteOperations.unsafeWrap(question));
        return send(leader, RaftClientRequest.readRequestType(true), content)
                .thenApply(reply -> reply.getMessage().getContent().toByteArray());
    }

    /** Asks the leader how far everything was committed by now. */
    CompletableFuture<Long> readIndex(RaftPeerId leader) {
        return send(leader, RaftClientRequest.readRequestType(true), ByteString.EMPTY)
                .thenApply(reply -> Long.parseLong(reply.getMessage().getContent().toStringUtf8()));
    }

    private CompletableFuture<RaftClientReply> send(
            RaftPeerId to, RaftClientRequest.Type type, ByteString content) {
        RaftClientRequest request =
                RaftClientRequest.newBuilder()
                        .setClientId(client)
                        .setServerId(to)
                        .setGroupId(group)
                        .setCallId(calls.incrementAndGet())
                        .setMessage(Message.valueOf(content))
                        .setType(type)
                        .build();
        if (to.equals(server.getId())) {
            try {
                return here.submitClientRequestAsync(request).thenApply(Link::successful);
            } catch (IOException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        RaftClientRpc now = rpc;
        return now.sendRequestAsyncUnordered(request)
                .orTimeout(SILENCE_MILLIS, TimeUnit.MILLISECONDS)
                .whenComplete((reply, failed) -> renewAfter(now, to, failed))
                .thenApply(Link::successful);
    }

    /**
     * After a refusal, too, Ratis' stream takes nothing more; and one that is silent may be cut.
     */
    private void renewAfter(RaftClientRpc now, RaftPeerId to, @Nullable Throwable failed) {
        if (failed != null && !closed) {
            blocking.execute(() -> now.handleException(to, failed, true));
        }
    }

    /** Has the leader change the configuration. */
    CompletableFuture<RaftClientReply> reconfigure(
            RaftPeerId leader, SetConfigurationRequest.Arguments arguments) {
        SetConfigurationRequest request =
                new SetConfigurationRequest(
                        client, leader, group, calls.incrementAndGet(), arguments);
        return manage(leader, request, () -> server.setConfigurationAsync(request));
    }

    /** Has the leader hand over. */
    CompletableFuture<RaftClientReply> transfer(
            RaftPeerId leader, RaftPeerId to, long timeoutMillis) {
        TransferLeadershipRequest request =
                new TransferLeadershipRequest(
                        client, leader, group, calls.incrementAndGet(), to, timeoutMillis);
        return manage(leader, request, () -> server.transferLeadershipAsync(request));
    }

    private interface Here {
        CompletableFuture<RaftClientReply> call() throws IOException;
    }

    private CompletableFuture<RaftClientReply> manage(
            RaftPeerId leader, RaftClientRequest request, Here here) {
        if (leader.equals(server.getId())) {
            // Not on the caller's thread: a division that was just closed never answers.
            return CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    return here.call();
                                } catch (IOException e) {
                                    throw new CompletionException(e);
                                }
                            },
                            blocking)
                    .thenCompose(reply -> reply)
                    .thenApply(Link::successful);
        }
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return successful(rpc.sendRequest(request));
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                blocking);
    }

    private static RaftClientReply successful(RaftClientReply reply) {
        if (!reply.isSuccess()) {
            Throwable why = reply.getException();
            throw new CompletionException(
                    why == null ? new IOException("the leader refused: " + reply) : why);
        }
        return reply;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        rpc.close();
    }
}
