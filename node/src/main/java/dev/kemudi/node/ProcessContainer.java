package dev.kemudi.node;

import dev.kemudi.node.ContainerRuntime.Exit;
import dev.kemudi.node.ContainerRuntime.RunningContainer;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One running attempt of a container: a process and whatever it forked. */
final class ProcessContainer implements RunningContainer {
    final long pid;
    final long startTicks;
    private final String id;
    private final Optional<StdinPipe> stdin;
    private final CompletableFuture<Exit> exited = new CompletableFuture<>();
    private volatile boolean askedToEnd;
    private volatile String killReason = "";

    ProcessContainer(String id, long pid, long startTicks, Optional<StdinPipe> stdin) {
        this.id = id;
        this.stdin = stdin;
        this.pid = pid;
        this.startTicks = startTicks;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public CompletableFuture<Exit> exited() {
        return exited;
    }

    @Override
    public void feed(InputStream client) throws IOException, InterruptedException {
        if (stdin.isPresent()) {
            stdin.get().copyFrom(client);
        }
    }

    Optional<StdinPipe> stdin() {
        return stdin;
    }

    /** Only the main process, as Kubernetes does; the rest is asked when that is gone. */
    @Override
    public void terminate() {
        askedToEnd = true;
        ProcTable.signal(pid, startTicks, false);
    }

    @Override
    public void kill(String reason) {
        if (!reason.isEmpty()) {
            killReason = reason;
        }
        askedToEnd = false;
        ProcTable.signal(pid, startTicks, true);
    }

    /** Whether those that the main process left behind may end by themselves first. */
    boolean gentle() {
        return askedToEnd;
    }

    String killReason() {
        return killReason;
    }
}
