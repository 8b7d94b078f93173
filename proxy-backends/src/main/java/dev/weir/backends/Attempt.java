package dev.weir.backends;

import dev.weir.backends.translate.Translation;
import dev.weir.core.Dispatch;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.ModelRequest;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * One try on one target: connects, sends the request, hands on what is answered, and gives the slot back.
 *
 * <pre>
 *   CONNECTING ──connected, sent──▶ WAITING ──head──▶ ANSWERING ──end──▶ OVER
 *   WAITING ──stale connection, or asked in the wrong API──▶ CONNECTING      (the same backend again)
 *   any ──failed, or stopped──▶ OVER
 * </pre>
 *
 * Runs on the event loop of its exchange.
 */
final class Attempt implements Connector.Requester, BackendConnection.Receiver {
    private enum State {
        CONNECTING,
        WAITING,
        ANSWERING,
        OVER
    }

    /** Whose attempt it is. Told of one end: the last part of a body, {@link #failed}, {@link #broken} or {@link #refused}. */
    interface Owner {
        /** The answer begins: it may be relayed, or dropped by {@link Attempt#fail}. */
        void answered(ResponseHead head);

        /** A part of the body; takes it. */
        void body(ByteBuf part, boolean last);

        /** What came may leave; whether more may come. */
        boolean flush();

        /** The backend takes the request's body, or more of it. */
        void resumeRequest();

        /** There is no answer; the slot is still held. */
        void failed(Failure failure);

        /** There is no end to the answer; the slot is still held. */
        void broken(Failure failure);

        /** The request cannot be told to this backend; the slot is given back. */
        void refused(GatewayException refusal);
    }

    private final Exchange exchange;
    private final CallKind kind;
    private final Lease lease;
    private final Dispatch dispatch;
    private final BackendEvents events;
    private final Owner owner;
    private State state = State.CONNECTING;
    private @Nullable Channel connecting;
    private @Nullable BackendConnection connection;
    private @Nullable RequestStream requestStream;
    private @Nullable Translation translation;
    private @Nullable LoadDuration loadDuration;
    private Lease.Verdict verdict = Lease.Verdict.WORKS;

    /** @param lease the slot; taken */
    Attempt(Exchange exchange, CallKind kind, Lease lease, Dispatch dispatch, BackendEvents events, Owner owner) {
        this.exchange = exchange;
        this.kind = kind;
        this.lease = lease;
        this.dispatch = dispatch;
        this.events = events;
        this.owner = owner;
    }

    /**
     * Sees whether the backend can be told the request.
     *
     * @throws GatewayException if not; the slot has been given back unused then
     */
    void prepare() throws GatewayException {
        if (kind != CallKind.INFERENCE) {
            return;
        }
        Translation needed = Tongues.between(exchange, backend());
        translation = needed;
        if (needed != null) {
            try {
                needed.prepare(exchange.body(), target().model());
            } catch (GatewayException e) {
                state = State.OVER;
                lease.unused();
                throw e;
            }
        }
    }

    /** Begins it, once it is prepared. */
    void start() {
        BackendConnection idle = kind == CallKind.INFERENCE
                ? backend().pool(exchange.eventLoop()).takeUsable()
                : null;
        if (idle == null) {
            connect();
        } else {
            connected(idle);
        }
    }

    Backend backend() {
        return lease.backend();
    }

    Target target() {
        return lease.target();
    }

    /** What the request was told to the backend with, or null if it was sent as it is. */
    @Nullable
    Translation translation() {
        return translation;
    }

    private void connect() {
        state = State.CONNECTING;
        connecting = backend().connector().connect(backend(), exchange.eventLoop(), this);
    }

    @Override
    public void connected(BackendConnection ready) {
        connecting = null;
        if (state != State.CONNECTING) {
            ready.close();
            return;
        }
        connection = ready;
        state = State.WAITING;
        dispatch.sent(System.nanoTime());
        if (kind == CallKind.INFERENCE) {
            ByteBuf request = RequestWriter.whole(exchange, target(), translation);
            ready.send(request, true, exchange.request().isHead(), this);
        } else {
            requestStream = new RequestStream(exchange.request().headers(), ready);
            ready.send(
                    RequestWriter.head(exchange, target()),
                    false,
                    exchange.request().isHead(),
                    this);
            owner.resumeRequest();
        }
    }

    @Override
    public void notConnected(Failure failure) {
        connecting = null;
        if (state == State.CONNECTING) {
            owner.failed(failure);
        }
    }

    @Override
    public void onHead(ResponseHead head) {
        if (kind == CallKind.INFERENCE && translation == null && Tongues.isWithoutV1(head, exchange, backend())) {
            askInItsOwnApi();
            return;
        }
        state = State.ANSWERING;
        dispatch.firstByte(System.nanoTime());
        owner.answered(head);
    }

    /** The same backend again, which is too old for what it was asked in. */
    private void askInItsOwnApi() {
        backend().lacksV1();
        closeConnection();
        try {
            prepare();
        } catch (GatewayException e) {
            owner.refused(e);
            return;
        }
        connect();
    }

    /**
     * The answer is what the client gets.
     *
     * @param failure what its head says about the backend, or null for nothing bad
     */
    void accept(ResponseHead head, @Nullable Failure failure) {
        if (failure != null) {
            verdict = failure.verdict();
            return;
        }
        lease.answered();
        if (head.status() < 300) {
            loadDuration = lease.mayLoad() && tellsLoadDuration() ? new LoadDuration() : null;
            ModelRequest request = exchange.get(ModelRequest.KEY);
            lease.ran(request != null && request.stream());
        }
    }

    /** Whether the answer is in Ollama's own form. */
    private boolean tellsLoadDuration() {
        String path = translation == null ? UpstreamPath.pathOf(exchange) : translation.path();
        return kind == CallKind.INFERENCE
                && path.startsWith("/api/")
                && backend().spec().kind() == BackendSpec.Kind.OLLAMA;
    }

    @Override
    public void onBody(ByteBuf part, boolean last) {
        if (loadDuration != null) {
            loadDuration.add(part);
        }
        if (last) {
            connection = null;
            if (loadDuration != null) {
                lease.loaded(loadDuration.nanos());
            }
            end(verdict);
        }
        owner.body(part, last);
    }

    @Override
    public void onReadComplete() {
        if (!owner.flush() && connection != null) {
            connection.setReading(false);
        }
    }

    @Override
    public void onFailure(Failure failure) {
        connection = null;
        if (state == State.ANSWERING) {
            owner.broken(failure);
        } else if (failure.kind() == Failure.Kind.STALE && kind == CallKind.INFERENCE) {
            events.retried(backend());
            connect();
        } else {
            owner.failed(failure);
        }
    }

    /** The client takes more of the answer again. */
    void resume() {
        if (connection != null) {
            connection.setReading(true);
        }
    }

    /** A part of a streamed request. Takes {@code part}. */
    void writeBody(ByteBuf part, boolean last) {
        if (requestStream == null) {
            part.release();
        } else {
            requestStream.write(part, last);
        }
    }

    /** Whether the backend takes more of a streamed request. */
    boolean isWritable() {
        return requestStream != null && connection != null && connection.isWritable();
    }

    @Override
    public void onWritable() {
        owner.resumeRequest();
    }

    /** Ends it as one that brought no answer, or no end of one. */
    void fail(Failure failure) {
        events.failed(backend(), failure.kind().label());
        end(failure.verdict());
    }

    /** Ends it because its answer is not what it should be, which is the backend's failure unless {@code kind} is null. */
    void abandon(Failure.@Nullable Kind kind) {
        if (kind != null) {
            events.failed(backend(), kind.label());
        }
        end(kind == null ? verdict : Lease.Verdict.NOTHING);
    }

    /** The client has left. */
    void cancel() {
        dispatch.cancelled();
        events.cancelled(backend());
        end(Lease.Verdict.NOTHING);
    }

    private void end(Lease.Verdict about) {
        state = State.OVER;
        requestStream = null;
        if (connecting != null) {
            connecting.close();
            connecting = null;
        }
        closeConnection();
        if (lease.release(about)) {
            events.ejected(backend());
        }
    }

    private void closeConnection() {
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }
}
