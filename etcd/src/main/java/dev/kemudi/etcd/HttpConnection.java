package dev.kemudi.etcd;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;

/**
 * One connection that speaks HTTP/1.1: requests are answered in turn, away from the event loop,
 * which they would hold up. Runs on its event loop.
 */
final class HttpConnection extends SimpleChannelInboundHandler<FullHttpRequest> {
    /** Answers requests; told when the client of an unfinished one has left. */
    interface Handler {
        /**
         * Called on the executor. Returns what to run when the client leaves before the answer is
         * complete.
         */
        Runnable handle(FullHttpRequest request, HttpAnswer answer);

        /** What every answer to this request has in its header. */
        Map<String, String> headers(FullHttpRequest request);
    }

    private final Handler handler;
    private final Executor executor;
    private final int waitingMax;
    private final Queue<FullHttpRequest> waiting = new ArrayDeque<>();
    private boolean busy;
    private boolean gone;
    private Runnable leave = () -> {};

    HttpConnection(Handler handler, Executor executor, int waitingMax) {
        this.handler = handler;
        this.executor = executor;
        this.waitingMax = waitingMax;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        if (waiting.size() >= waitingMax) {
            context.close();
            return;
        }
        waiting.add(request.retain());
        next(context);
    }

    private void next(ChannelHandlerContext context) {
        FullHttpRequest request = busy ? null : waiting.poll();
        if (request == null) {
            return;
        }
        busy = true;
        HttpAnswer answer =
                new HttpAnswer(
                        context,
                        HttpUtil.isKeepAlive(request),
                        handler.headers(request),
                        () -> {
                            busy = false;
                            leave = () -> {};
                            next(context);
                        });
        executor.execute(() -> run(context, request, answer));
    }

    private void run(ChannelHandlerContext context, FullHttpRequest request, HttpAnswer answer) {
        try {
            Runnable onLeave = handler.handle(request, answer);
            context.executor().execute(() -> leaving(onLeave));
        } catch (RuntimeException e) {
            if (answer.isBegun()) {
                context.close();
            } else {
                answer.whole(500, HttpAnswer.TEXT, e + "\n");
            }
        } finally {
            request.release();
        }
    }

    private void leaving(Runnable onLeave) {
        if (gone) {
            onLeave.run();
        } else if (busy) {
            leave = onLeave;
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        gone = true;
        waiting.forEach(FullHttpRequest::release);
        waiting.clear();
        leave.run();
        super.channelInactive(context);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        // Not HTTP, too large, or cut off: there is nobody to tell.
        context.close();
    }
}
