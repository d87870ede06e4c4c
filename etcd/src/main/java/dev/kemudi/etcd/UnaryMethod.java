package dev.kemudi.etcd;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;

/**
 * A method that may be called on an event loop without gRPC's objects around it: it never blocks,
 * and is told who calls.
 */
record UnaryMethod<Q extends MessageLite, A extends MessageLite>(
        MethodDescriptor<Q, A> descriptor, Parser<Q> parser, Handler<Q, A> handler) {

    /** Answers once, on any thread, and does not throw. */
    interface Handler<Q, A> {
        void call(Credential who, Q request, StreamObserver<A> reply);
    }

    /** Service and method, as gRPC writes them. */
    String name() {
        return descriptor.getFullMethodName();
    }

    /**
     * @param message is read before this returns
     */
    void call(Credential who, ByteBuffer message, StreamObserver<MessageLite> reply) {
        Q request;
        try {
            request = parser.parseFrom(CodedInputStream.newInstance(message));
        } catch (InvalidProtocolBufferException e) {
            reply.onError(
                    Status.INTERNAL
                            .withDescription("Invalid protobuf byte sequence")
                            .withCause(e)
                            .asRuntimeException());
            return;
        }
        @SuppressWarnings("unchecked") // whoever takes messages takes answers
        StreamObserver<A> typed = (StreamObserver<A>) reply;
        handler.call(who, request, typed);
    }
}
