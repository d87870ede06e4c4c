package dev.kemudi.gateway;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.util.concurrent.ThreadFactory;

/**
 * How bytes reach the kernel: the best that this machine allows. Containers often forbid io_uring.
 */
enum IoTransport {
    IO_URING,
    EPOLL,
    NIO;

    /** The first of io_uring, epoll and nio that works here. */
    static IoTransport best() {
        if (IoUring.isAvailable()) {
            return IO_URING;
        }
        return Epoll.isAvailable() ? EPOLL : NIO;
    }

    /**
     * Event loops on this transport or, when the kernel refuses them at the last moment, on the
     * next one that works.
     */
    static Loops open(IoTransport wanted, int loops, ThreadFactory threads) {
        try {
            return new Loops(
                    wanted, new MultiThreadIoEventLoopGroup(loops, threads, wanted.handlers()));
        } catch (RuntimeException | LinkageError e) {
            if (wanted == NIO) {
                throw e;
            }
            IoTransport next = wanted == IO_URING && Epoll.isAvailable() ? EPOLL : NIO;
            System.getLogger(IoTransport.class.getName())
                    .log(
                            System.Logger.Level.INFO,
                            wanted + " is refused here, using " + next + ": " + e.getMessage());
            return open(next, loops, threads);
        }
    }

    /** What was opened. */
    record Loops(IoTransport transport, MultiThreadIoEventLoopGroup group) {}

    IoHandlerFactory handlers() {
        return switch (this) {
            case IO_URING -> IoUringIoHandler.newFactory();
            case EPOLL -> EpollIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
        };
    }

    Class<? extends ServerChannel> server() {
        return switch (this) {
            case IO_URING -> IoUringServerSocketChannel.class;
            case EPOLL -> EpollServerSocketChannel.class;
            case NIO -> NioServerSocketChannel.class;
        };
    }

    Class<? extends Channel> client() {
        return switch (this) {
            case IO_URING -> IoUringSocketChannel.class;
            case EPOLL -> EpollSocketChannel.class;
            case NIO -> NioSocketChannel.class;
        };
    }
}
