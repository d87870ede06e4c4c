package dev.kemudi.conformance.testing;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One stream of a replayed session. Safe for use by many threads. */
final class ReplayStream implements ClientResponseObserver<DynamicMessage, DynamicMessage> {
    private static final int READ_MILLIS_MAX = 1_500;
    private static final long SILENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

    private final MethodDescriptor method;
    private final List<DynamicMessage> answers = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // gRPC gives it before anything else
    private ClientCallStreamObserver<DynamicMessage> requests;

    private long heardNanos = System.nanoTime();
    private String end = "";

    ReplayStream(Channel channel, MethodDescriptor method) {
        this.method = method;
        ClientCalls.asyncBidiStreamingCall(
                channel.newCall(Replay.wire(method), CallOptions.DEFAULT), this);
    }

    @Override
    public synchronized void beforeStart(ClientCallStreamObserver<DynamicMessage> stream) {
        requests = stream;
    }

    synchronized void send(String text) {
        heardNanos = System.nanoTime();
        requests.onNext(Replay.message(method, text));
    }

    @Override
    public synchronized void onNext(DynamicMessage answer) {
        answers.add(answer);
        heardNanos = System.nanoTime();
    }

    @Override
    public synchronized void onError(Throwable why) {
        Status status = Status.fromThrowable(why);
        end = status.getCode() + " " + status.getDescription();
        heardNanos = System.nanoTime();
    }

    @Override
    public synchronized void onCompleted() {
        end = "completed";
        heardNanos = System.nanoTime();
    }

    private synchronized boolean quiet(int wanted) {
        return (answers.size() >= wanted || !end.isEmpty())
                && System.nanoTime() - heardNanos > SILENCE_NANOS;
    }

    /** Waits for so many answers and for silence; writes down what came, fewer or more. */
    void read(int wanted, Map<String, String> fields) {
        Pace.until(READ_MILLIS_MAX, () -> quiet(wanted));
        synchronized (this) {
            // Between watches of one stream there is no order; within one there is.
            answers.sort(Comparator.comparingLong(ReplayStream::watchOf));
            for (int i = 0; i < answers.size(); i++) {
                Fields.flatten("answer[" + i + "].", answers.get(i), fields);
            }
            fields.put("answers", Integer.toString(answers.size()));
            fields.put("end", end);
            answers.clear();
        }
    }

    private static long watchOf(DynamicMessage answer) {
        FieldDescriptor field = answer.getDescriptorForType().findFieldByName("watch_id");
        return field == null ? 0 : (Long) answer.getField(field);
    }

    void close(Map<String, String> fields) {
        synchronized (this) {
            if (end.isEmpty()) {
                requests.onCompleted();
            }
        }
        Pace.until(READ_MILLIS_MAX, this::ended);
        read(0, fields);
    }

    private synchronized boolean ended() {
        return !end.isEmpty();
    }

    void cancel() {
        requests.cancel("done", Status.CANCELLED.asException());
    }
}
