package dev.kemudi.logratis;

import dev.kemudi.log.Peer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** What we tell Ratis, each with its reason. */
final class Settings {
    private Settings() {}

    static RaftProperties properties(Config config, Limits limits, Path directory) {
        RaftProperties to = new RaftProperties();
        RaftConfigKeys.Rpc.setType(to, new PromptGrpc());
        RaftServerConfigKeys.setStorageDir(to, List.of(directory.toFile()));
        network(to, config, limits);
        elections(to, config);
        log(to, limits);
        // Our own sessions tell repetitions; Ratis need not remember a minute of them.
        RaftServerConfigKeys.RetryCache.setExpiryTime(
                to, TimeDuration.valueOf(2, TimeUnit.SECONDS));
        return to;
    }

    private static void network(RaftProperties to, Config config, Limits limits) {
        InetSocketAddress listen = address(config.listen());
        GrpcConfigKeys.Server.setHost(to, listen.getHostString());
        GrpcConfigKeys.Server.setPort(to, listen.getPort());
        // No groups of event loops of their own: all share gRPC's, which closes at once, too.
        GrpcConfigKeys.setMessageSizeMax(to, bytes(2L * limits.entryBytesMax() + (1 << 20)));
        GrpcConfigKeys.Server.setInstallSnapshotRequestTimeout(to, millis(1_000));
        RaftClientConfigKeys.Rpc.setRequestTimeout(to, millis(limits.proposeMillis()));
    }

    private static void elections(RaftProperties to, Config config) {
        int min = config.electionMinMillis();
        int max = config.electionMaxMillis();
        RaftServerConfigKeys.Rpc.setTimeoutMin(to, millis(min));
        RaftServerConfigKeys.Rpc.setTimeoutMax(to, millis(max));
        boolean alone = config.peers().size() == 1 && !config.joining();
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(to, millis(alone ? 20 : min));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(to, millis(alone ? 40 : max));
        RaftServerConfigKeys.LeaderElection.setPreVote(to, true);
        // Who handed leadership over may be elected again soon, or two of three could be without.
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(to, millis(2 * max));
        // A machine that slept for a minute goes on; Ratis would close itself for good.
        RaftServerConfigKeys.setCloseThreshold(to, TimeDuration.valueOf(10_000, TimeUnit.DAYS));
        // Who slept too long itself does not judge the leader's silence; but a crowded machine
        // delays
        // everybody a little, and an election that was needless ends at the first vote.
        RaftServerConfigKeys.setSleepDeviationThreshold(to, millis(max));
        // A follower that comes back is found within a third of a second, not within seven.
        RaftServerConfigKeys.Log.Appender.setRetryPolicy(to, "10ms,20,200ms,1000000");
    }

    private static void log(RaftProperties to, Limits limits) {
        // Answers only after a majority has synced.
        RaftServerConfigKeys.Log.setUnsafeFlushEnabled(to, false);
        RaftServerConfigKeys.Log.setAsyncFlushEnabled(to, false);
        // An entry after each entry, to note what was committed: the next leader knows anyway.
        RaftServerConfigKeys.Log.setLogMetadataEnabled(to, false);
        RaftServerConfigKeys.Log.setSegmentSizeMax(to, bytes(limits.segmentBytes()));
        RaftServerConfigKeys.Log.setPreallocatedSize(
                to, bytes(Math.min(limits.segmentBytes(), 4 << 20)));
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(to, limits.cachedSegments());
        RaftServerConfigKeys.Log.setSegmentCacheSizeMax(
                to, bytes((long) limits.cachedSegments() * limits.segmentBytes()));
        int entry = limits.entryBytesMax();
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(to, bytes(entry));
        // Who catches up must answer before its line is taken for dead: ten thousands of small
        // entries in one message took a slow member longer than that, again and again.
        RaftServerConfigKeys.Log.Appender.setBufferElementLimit(to, limits.entriesPerMessageMax());
        RaftServerConfigKeys.Log.setWriteBufferSize(to, bytes(entry + 4_096L));
        RaftServerConfigKeys.Log.setQueueByteLimit(to, bytes(4L * entry).getSizeInt());
        RaftServerConfigKeys.Write.setByteLimit(to, bytes(8L * entry));
        // Below one millisecond the followers drown in messages (measured); above it latency grows.
        RaftServerConfigKeys.Log.Appender.setWaitTimeMin(to, millis(1));
        RaftServerConfigKeys.Log.Appender.setSnapshotChunkSizeMax(
                to, bytes(limits.snapshotChunkBytes()));
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(to, true);
        RaftServerConfigKeys.Log.setPurgeGap(to, 1);
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(to, false);
    }

    static Parameters parameters(Config config, Appenders appenders) {
        Parameters parameters = new Parameters();
        PromptGrpc.hand(parameters, appenders);
        config.tls().ifPresent(tls -> GrpcConfigKeys.TLS.setConf(parameters, tls.grpc()));
        return parameters;
    }

    static RaftGroupId group(Config config) {
        return RaftGroupId.valueOf(
                UUID.nameUUIDFromBytes(
                        ("kemudi " + config.clusterId()).getBytes(StandardCharsets.UTF_8)));
    }

    static RaftPeerId id(long member) {
        return RaftPeerId.valueOf(HexFormat.of().toHexDigits(member));
    }

    static long member(RaftPeerId id) {
        return HexFormat.fromHexDigitsToLong(id.toString());
    }

    static RaftPeer raft(Peer peer) {
        return RaftPeer.newBuilder()
                .setId(id(peer.id()))
                .setAddress(peer.address())
                .setStartupRole(peer.learner() ? RaftPeerRole.LISTENER : RaftPeerRole.FOLLOWER)
                .build();
    }

    static InetSocketAddress address(String hostAndPort) {
        int colon = hostAndPort.lastIndexOf(':');
        try {
            String host = hostAndPort.substring(0, Math.max(colon, 0));
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            }
            return InetSocketAddress.createUnresolved(
                    host, Integer.parseInt(hostAndPort.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "peer address: expected host:port, found \"%s\"".formatted(hostAndPort), e);
        }
    }

    private static TimeDuration millis(long millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }

    private static SizeInBytes bytes(long bytes) {
        return SizeInBytes.valueOf(bytes);
    }
}
