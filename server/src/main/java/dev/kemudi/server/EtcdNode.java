package dev.kemudi.server;

import dev.kemudi.etcd.EtcdServer;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Membership;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;

/*
 * What the declared membership means for this node
 * ------------------------------------------------
 * When a second member is declared beside a member alone, store and doors are closed and opened again
 * upon a replicated log; clients connect anew, as after a restart of etcd.
 *
 * When this member is declared no more, it ends, now and at every later start upon this directory: what
 * it has is of a cluster that goes on without it, and that may have given its id to another directory. A
 * directory that has been a member's is marked (MARK), because one that is about to join has not been
 * declared yet in what it has read so far.
 */
/** One member: the store and its doors, nothing else. Safe for use by many threads. */
final class EtcdNode implements AutoCloseable {
    /** The version of etcd's API that is followed. */
    static final String API_VERSION = "3.5.13";

    private static final System.Logger EMBED = System.getLogger("embed");
    private static final System.Logger SERVER = System.getLogger("etcdserver");
    private static final System.Logger API = System.getLogger("etcdserver/api");
    private static final int LOOK_MILLIS = 100;
    private static final String MARK = "member";
    private static final int HEX = 16;
    private static final int LEADER_POLL_MILLIS = 10;

    private final EtcdSettings settings;
    private final EtcdCluster cluster;
    private final EtcdStore opener;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private final Runnable whenRemoved;
    private final CountDownLatch looked = new CountDownLatch(1);
    private volatile Open open;
    private volatile boolean closed;

    private record Open(Store store, EtcdServer server) {}

    private EtcdNode(EtcdSettings settings, EtcdCluster cluster, Runnable whenRemoved)
            throws IOException {
        this.settings = settings;
        this.cluster = cluster;
        this.whenRemoved = whenRemoved;
        this.opener = new EtcdStore(settings, cluster);
        boolean alone = !opener.isReplicated();
        this.open = open(false);
        Thread.ofVirtual().name("etcd-membership").start(() -> followMembership(alone));
    }

    private Open open(boolean grown) throws IOException {
        boolean whole = false;
        try {
            PrometheusRegistry metrics = new PrometheusRegistry();
            Store store = push(opener.open(grown, metrics));
            running.push(AutoCompaction.start(settings, store, TimeSource.system()));
            EtcdServer server =
                    push(
                            new EtcdServer(
                                    EtcdDoors.config(settings),
                                    store,
                                    metrics,
                                    EtcdDoors.limits(settings)));
            server.start();
            whole = true;
            return new Open(store, server);
        } finally {
            if (!whole) {
                Actors.takeDown(running);
            }
        }
    }

    /**
     * @param whenRemoved runs once, when this member is declared no more: the node is to be closed
     * @throws UsageException when flags contradict one another
     * @throws IOException when the data directory or an address cannot be used; nothing runs then
     */
    static EtcdNode start(EtcdSettings settings, Runnable whenRemoved) throws IOException {
        if (settings.has("listen-client-urls") && !settings.has("advertise-client-urls")) {
            throw new UsageException(
                    "When listening on specific address(es), this etcd process must advertise"
                            + " accessible url(s) to each connected client.");
        }
        EtcdCluster cluster = EtcdCluster.read(settings);
        EMBED.log(Level.INFO, "name = " + settings.text("name"));
        EMBED.log(Level.INFO, "data dir = " + settings.dataDirectory());
        EMBED.log(
                Level.INFO,
                "advertise client URLs = " + joined(settings.urls("advertise-client-urls"), ","));
        return new EtcdNode(settings, cluster, whenRemoved);
    }

    private <T extends AutoCloseable> T push(T part) {
        running.push(part);
        return part;
    }

    private void followMembership(boolean alone) {
        boolean grown = !alone;
        OptionalLong marked = OptionalLong.empty();
        try {
            while (!closed) {
                Membership membership = open.store().membership();
                List<Membership.Member> members = membership.members();
                marked = mark(marked, membership.self(), members);
                if (marked.isPresent()
                        && !members.isEmpty()
                        && !declares(members, marked.getAsLong())) {
                    SERVER.log(
                            Level.ERROR,
                            "the member has been permanently removed from the cluster");
                    SERVER.log(Level.INFO, "the data-dir used by this member must be removed.");
                    whenRemoved.run();
                    looked.countDown();
                    return;
                }
                if (!grown && members.size() > 1) {
                    grow();
                    grown = true;
                }
                looked.countDown();
                Thread.sleep(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean declares(List<Membership.Member> members, long id) {
        return members.stream().anyMatch(member -> member.id() == id);
    }

    /** As whom this directory is marked; it is, from when {@code self} is declared on. */
    private OptionalLong mark(OptionalLong known, long self, List<Membership.Member> members) {
        if (known.isPresent()) {
            return known;
        }
        Path mark = settings.dataDirectory().resolve("store").resolve(MARK);
        try {
            if (Files.exists(mark)) {
                // Flags may name other addresses by now, which would be another id.
                return OptionalLong.of(Long.parseUnsignedLong(Files.readString(mark).strip(), HEX));
            }
            if (declares(members, self)) {
                Files.writeString(mark, Long.toUnsignedString(self, HEX));
                return OptionalLong.of(self);
            }
        } catch (IOException | NumberFormatException e) {
            // A full disk, or a mark that a crash cut short: nothing depends on it but this.
            SERVER.log(Level.DEBUG, "as whom this directory belongs is not known: {0}", e);
        }
        return OptionalLong.empty();
    }

    private synchronized void grow() {
        if (closed) {
            return;
        }
        SERVER.log(Level.INFO, "a second member is declared: the log is replicated from now on");
        Actors.takeDown(running);
        try {
            open = open(true);
        } catch (IOException | UsageException e) {
            SERVER.log(Level.ERROR, "cannot go on with a replicated log", e);
            Runtime.getRuntime().exit(1);
        }
    }

    /** Waits until the declared membership was looked at. */
    void awaitLook() throws InterruptedException {
        looked.await();
    }

    int port() {
        return open.server().port();
    }

    boolean leads() {
        return open.store().standing().leading();
    }

    /** Says etcd's ready lines once writes have somewhere to go. */
    void awaitReady() throws InterruptedException {
        while (!isPublished()) {
            Thread.sleep(LEADER_POLL_MILLIS);
        }
        SERVER.log(
                Level.INFO,
                "published {Name:%s ClientURLs:[%s]} to cluster %x"
                        .formatted(
                                settings.text("name"),
                                joined(settings.urls("advertise-client-urls"), " "),
                                cluster.id()));
        EMBED.log(Level.INFO, "ready to serve client requests");
        API.log(Level.INFO, "enabled capabilities for version 3.4");
        for (URI url : settings.urls("listen-client-urls")) {
            EMBED.log(
                    Level.INFO,
                    url.getScheme().equals("https")
                            ? "serving client requests on " + url.getAuthority()
                            : "serving insecure client requests on %s, this is strongly discouraged!"
                                    .formatted(url.getAuthority()));
        }
        for (URI url : settings.urls("listen-metrics-urls")) {
            EMBED.log(Level.INFO, "listening for metrics on " + url);
        }
        note();
    }

    /** Other members must have heard this one's name before they count it as started. */
    private boolean isPublished() {
        Store store = open.store();
        return store.standing().hasLeader()
                && (!opener.isReplicated()
                        || store.membership().members().stream()
                                .anyMatch(member ->
                                        member.id() == store.membership().self()
                                                && !member.name().isEmpty()));
    }

    /** For {@code kemudi store …--data-dir}. */
    private void note() {
        URI url = settings.urls("listen-client-urls").getFirst();
        String host = url.getHost().equals("0.0.0.0") ? "127.0.0.1" : url.getHost();
        String address = "%s://%s:%d".formatted(url.getScheme(), host, port());
        try {
            new Endpoints(ProcessHandle.current().pid(), "", address, "", "", Path.of(""))
                    .write(settings.dataDirectory());
        } catch (IOException e) {
            SERVER.log(Level.WARNING, "the note about the address was not written: {0}", e);
        }
    }

    private static String joined(List<URI> urls, String separator) {
        return String.join(separator, urls.stream().map(URI::toString).toList());
    }

    @Override
    public synchronized void close() {
        closed = true;
        Actors.takeDown(running);
        try {
            Endpoints.forget(settings.dataDirectory());
        } catch (IOException e) {
            SERVER.log(Level.WARNING, "the note about the address was not removed: {0}", e);
        }
    }
}
