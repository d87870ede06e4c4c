package dev.kemudi.etcd;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A method that may be called on an event loop without gRPC's objects around it: it never blocks,
 * and is told who calls.
 *
 * @param descriptor names it
 */
record UnaryMethod<Q>(
        MethodDescriptor<?, ?> descriptor, Reader<Q> reader, Handler<Q, Payload> handler) {

    /** Reads a request to the end of what it is given. */
    interface Reader<Q> {
        /**
         * @throws InvalidProtocolBufferException when it is none
         */
        Q read(CodedInputStream in) throws IOException;
    }

    /** Answers once, on any thread, and does not throw. */
    interface Handler<Q, A> {
        void call(Credential who, Q request, StreamObserver<A> reply);
    }

    /** One that takes and gives protobuf's messages. */
    static <Q extends MessageLite, A extends MessageLite> UnaryMethod<Q> of(
            MethodDescriptor<Q, A> descriptor, Parser<Q> parser, Handler<Q, A> handler) {
        return new UnaryMethod<>(
                descriptor,
                parser::parseFrom,
                (who, request, reply) -> handler.call(who, request, encoding(reply)));
    }

    private static <A extends MessageLite> StreamObserver<A> encoding(
            StreamObserver<Payload> reply) {
        return new StreamObserver<>() {
            @Override
            public void onNext(A answer) {
                reply.onNext(Payload.of(answer));
            }

            @Override
            public void onError(Throwable failure) {
                reply.onError(failure);
            }

            @Override
            public void onCompleted() {
                reply.onCompleted();
            }
        };
    }

    /** Service and method, as gRPC writes them. */
    String name() {
        return descriptor.getFullMethodName();
    }

    /**
     * @param message is read before this returns
     */
    void call(Credential who, ByteBuffer message, StreamObserver<Payload> reply) {
        Q request;
        try {
            request = reader.read(CodedInputStream.newInstance(message));
        } catch (IOException e) {
            reply.onError(
                    Status.INTERNAL
                            .withDescription("Invalid protobuf byte sequence")
                            .withCause(e)
                            .asRuntimeException());
            return;
        }
        handler.call(who, request, reply);
    }
}
