package dev.kemudi.etcd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Answers one HTTP request: at once and whole, or piece by piece. Safe for use by many threads, one
 * after the other.
 */
final class HttpAnswer {
    static final String JSON = "application/json";
    static final String TEXT = "text/plain; charset=utf-8";

    private final ChannelHandlerContext context;
    private final boolean keepAlive;
    private final Map<String, String> headers;
    private final Runnable done;
    private boolean begun;

    /**
     * @param headers that every answer has
     * @param done runs on the event loop when the answer is complete
     */
    HttpAnswer(
            ChannelHandlerContext context,
            boolean keepAlive,
            Map<String, String> headers,
            Runnable done) {
        this.context = context;
        this.keepAlive = keepAlive;
        this.headers = headers;
        this.done = done;
    }

    boolean isBegun() {
        return begun;
    }

    void whole(int status, String type, String body) {
        whole(status, type, body.getBytes(StandardCharsets.UTF_8));
    }

    void whole(int status, String type, byte[] body) {
        whole(status, type, body, Map.of());
    }

    void whole(int status, String type, byte[] body, Map<String, String> more) {
        begun = true;
        ByteBuf content = Unpooled.wrappedBuffer(body);
        DefaultFullHttpResponse response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), content);
        HttpUtil.setContentLength(response, body.length);
        dress(response, type);
        more.forEach((name, value) -> response.headers().set(name, value));
        end(response);
    }

    private void dress(HttpResponse response, String type) {
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        headers.forEach((name, value) -> response.headers().set(name, value));
        if (!keepAlive) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
    }

    private void end(Object last) {
        context.writeAndFlush(last)
                .addListener(written -> {
                    if (written.isSuccess() && keepAlive) {
                        done.run();
                    } else {
                        context.close();
                    }
                });
    }

    /**
     * One piece of an answer without known length. {@code written} runs when there is room for the
     * next.
     */
    void piece(String json, Runnable written) {
        if (!begun) {
            begun = true;
            HttpResponse head =
                    new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
            HttpUtil.setTransferEncodingChunked(head, true);
            dress(head, JSON);
            context.write(head);
        }
        ByteBuf content = ByteBufUtil.writeUtf8(context.alloc(), json);
        context.writeAndFlush(new DefaultHttpContent(content))
                .addListener(sent -> {
                    if (sent.isSuccess()) {
                        written.run();
                    } else {
                        context.close();
                    }
                })
                .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    /** After the last piece. */
    void ended() {
        if (!begun) {
            whole(HttpResponseStatus.OK.code(), JSON, "");
            return;
        }
        end(LastHttpContent.EMPTY_LAST_CONTENT);
    }
}
