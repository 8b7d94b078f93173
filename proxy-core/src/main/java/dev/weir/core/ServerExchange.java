package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request: runs the chain, collects or streams the body, carries the answer to the client, ends exactly once.
 *
 * <pre>
 *   CHAIN ──needs the body──▶ COLLECTING ──complete──▶ CHAIN        (a wait for a verdict stays in CHAIN)
 *   CHAIN ──all passed──▶ SERVING ──head written──▶ RESPONDING ──last part written──▶ ENDED
 *   any ──error before the head──▶ RESPONDING      any ──client left, or error after the head──▶ ENDED
 * </pre>
 *
 * Runs on the event loop of its client connection.
 */
final class ServerExchange implements Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(ServerExchange.class);
    private static final Object[] NOTHING = {};

    private enum State {
        CHAIN,
        COLLECTING,
        SERVING,
        RESPONDING,
        ENDED
    }

    private final ClientConnection connection;
    private final Engine engine;
    private final RequestHead request;
    private final Route route;
    private final ClientFacts client;
    private final String id;
    private final long startNanos;
    private final ResponseStage wire = new Wire();

    private State state = State.CHAIN;
    private int step;
    private int wait;
    private @Nullable ScheduledFuture<?> waitTimer;

    private @Nullable BodyCollector collector;
    private @Nullable ByteBuf body;
    private long requestBytes;
    private boolean requestEnded;
    private boolean streaming;

    private ResponseStage downstream = wire;
    private @Nullable List<FilterLink> filters;
    private @Nullable Upstream upstream;
    private Object[] values = NOTHING;

    private int status;
    private long responseBytes;
    private long headNanos;
    private @Nullable GatewayException answeredError;
    private @Nullable Outcome ended;

    ServerExchange(
            ClientConnection connection,
            Engine engine,
            RequestHead request,
            Route route,
            ClientFacts client,
            long startNanos) {
        this.connection = connection;
        this.engine = engine;
        this.request = request;
        this.route = route;
        this.client = client;
        this.id = RequestId.of(request.headers());
        this.startNanos = startNanos;
        engine.exchangeBegan();
    }

    /** Begins the chain. */
    void start() {
        proceed();
    }

    private void proceed() {
        List<Middleware> chain = route.chain();
        while (state == State.CHAIN) {
            boolean atEndpoint = step == chain.size();
            boolean needsBody =
                    atEndpoint ? route.endpoint().needsBody() : chain.get(step).needsBody();
            if (needsBody && body == null) {
                collect();
                return;
            }
            if (atEndpoint) {
                serve();
                return;
            }
            if (!take(verdictOf(chain.get(step++)))) {
                return;
            }
        }
    }

    private Verdict verdictOf(Middleware middleware) {
        try {
            return middleware.onRequest(this);
        } catch (GatewayException e) {
            return Verdict.reject(e);
        } catch (Exception e) {
            return Verdict.reject(
                    internalError("middleware " + middleware.getClass().getSimpleName(), e));
        }
    }

    /** Carries a verdict out; returns whether the chain goes on at once. */
    private boolean take(@Nullable Verdict verdict) {
        if (verdict instanceof Verdict.Respond respond) {
            state = State.SERVING;
            downstream.respond(respond.response());
        } else if (verdict instanceof Verdict.Reject reject) {
            downstream.fail(reject.refusal());
        } else if (verdict instanceof Verdict.Await await) {
            return await(await.pending());
        } else if (verdict instanceof Verdict.Proceed) {
            return true;
        } else {
            downstream.fail(internalError("a middleware without a verdict", null));
        }
        return false;
    }

    private boolean await(CompletionStage<Verdict> stage) {
        CompletableFuture<Verdict> pending = stage.toCompletableFuture();
        if (pending.isDone() && !pending.isCompletedExceptionally()) {
            return take(pending.join());
        }
        int turn = ++wait;
        long millis = engine.snapshot().settings().timeouts().awaitMillis();
        if (millis > 0) {
            waitTimer = eventLoop().schedule(() -> waitExpired(turn), millis, TimeUnit.MILLISECONDS);
        }
        pending.whenComplete((verdict, failure) -> {
            try {
                eventLoop().execute(() -> decided(turn, verdict, failure));
            } catch (RuntimeException shutDown) {
                drop(verdict);
            }
        });
        return false;
    }

    private void decided(int turn, @Nullable Verdict verdict, @Nullable Throwable failure) {
        if (turn != wait || state == State.ENDED) {
            drop(verdict);
            return;
        }
        stopWaiting();
        Verdict decision = verdict;
        if (failure != null) {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            decision = Verdict.reject(
                    cause instanceof GatewayException refusal ? refusal : internalError("a middleware's wait", cause));
        }
        if (take(decision)) {
            proceed();
        }
    }

    private static void drop(@Nullable Verdict late) {
        if (late instanceof Verdict.Respond respond) {
            respond.response().release();
        } else if (late instanceof Verdict.Await await) {
            await.pending().whenComplete((verdict, failure) -> drop(verdict));
        }
    }

    private void waitExpired(int turn) {
        if (turn == wait && state == State.CHAIN) {
            stopWaiting();
            downstream.fail(new GatewayException(GatewayError.OVERLOADED, "a check of this request took too long")
                    .retryAfterMillis(1000));
        }
    }

    private void stopWaiting() {
        wait++;
        if (waitTimer != null) {
            waitTimer.cancel(false);
            waitTimer = null;
        }
    }

    private void serve() {
        state = State.SERVING;
        try {
            route.endpoint().serve(this, downstream);
        } catch (GatewayException e) {
            downstream.fail(e);
        } catch (Exception e) {
            downstream.fail(internalError("endpoint of " + route.name(), e));
        }
    }

    private void collect() {
        if (connection.announcedLength() > route.maxBodyBytes()) {
            downstream.fail(tooLarge());
            return;
        }
        state = State.COLLECTING;
        collector = new BodyCollector(engine, connection.alloc());
        connection.requestWanted();
    }

    /** Whether the connection shall read on in the request's body. */
    boolean wantsBody() {
        return state == State.COLLECTING || (streaming && upstream != null && upstream.isWritable());
    }

    /** Whether the request's body goes on to an upstream as it comes. */
    boolean isStreaming() {
        return streaming;
    }

    /** Takes the next part of the request's body. */
    void onBody(ByteBuf part, boolean last) {
        requestBytes += part.readableBytes();
        requestEnded |= last;
        if (requestBytes > route.maxBodyBytes()) {
            part.release();
            downstream.fail(tooLarge());
        } else if (streaming && upstream != null) {
            upstream.writeBody(part, last);
        } else if (collector == null || state != State.COLLECTING) {
            part.release();
        } else if (!collector.add(part)) {
            downstream.fail(new GatewayException(GatewayError.OVERLOADED, "too many request bodies are held at once")
                    .retryAfterMillis(1000));
        } else if (last) {
            collected(collector.finish());
        }
    }

    private void collected(ByteBuf whole) {
        body = whole;
        state = State.CHAIN;
        try {
            readRequest();
        } catch (GatewayException e) {
            downstream.fail(e);
        } catch (RuntimeException e) {
            downstream.fail(internalError("request reader of " + route.name(), e));
        }
        proceed();
    }

    private void readRequest() throws GatewayException {
        if (route.requestReader() != null) {
            route.requestReader().read(this);
        }
    }

    private GatewayException tooLarge() {
        return new GatewayException(
                GatewayError.BODY_TOO_LARGE, "the request body is larger than " + route.maxBodyBytes() + " bytes");
    }

    /** The client's connection is gone. */
    void clientLeft() {
        end(Outcome.CLIENT_LEFT);
    }

    /** Ends the exchange from outside: a broken or late request body, a stalled client, the drain deadline. */
    void fail(GatewayException failure) {
        downstream.fail(failure);
    }

    /** The client takes more again. */
    void onWritable() {
        if (upstream != null) {
            upstream.resume();
        }
    }

    LocalResponse errorResponse(GatewayException failure) {
        answeredError = failure;
        return ErrorResponses.of(route.dialect(), failure, id);
    }

    /** Logs what should not have happened and makes an answer of it that tells nothing about it. */
    GatewayException internalError(String where, @Nullable Throwable cause) {
        LOG.error("exchange {}: {} failed", id, where, cause);
        return new GatewayException(GatewayError.INTERNAL, "internal error; the log names request " + id, cause);
    }

    private void end(Outcome outcome) {
        if (state == State.ENDED) {
            return;
        }
        state = State.ENDED;
        ended = outcome;
        stopWaiting();
        cancelUpstream();
        if (body != null) {
            body.release();
            body = null;
        }
        if (collector != null) {
            collector.release();
        }
        notifyEnd(outcome);
        engine.exchangeEnded();
    }

    private void cancelUpstream() {
        if (upstream != null) {
            try {
                upstream.cancel();
            } catch (RuntimeException e) {
                LOG.error("exchange {}: upstream could not be cancelled", id, e);
            }
        }
    }

    private void notifyEnd(Outcome outcome) {
        if (filters != null) {
            for (FilterLink link : filters) {
                notifyEnd(link.filter(), outcome);
            }
        }
        try {
            engine.listener().ended(this, outcome);
        } catch (RuntimeException e) {
            LOG.error("exchange {}: end could not be recorded", id, e);
        }
    }

    private void notifyEnd(ResponseFilter filter, Outcome outcome) {
        try {
            filter.onEnd(outcome);
        } catch (RuntimeException e) {
            LOG.error("exchange {}: end of {} failed", id, filter.getClass().getSimpleName(), e);
        }
    }

    boolean hasEnded() {
        return state == State.ENDED;
    }

    @Override
    public RequestHead request() {
        return request;
    }

    @Override
    public Route route() {
        return route;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public InetAddress clientAddress() {
        return client.address();
    }

    @Override
    public String forwardedFor() {
        return client.forwardedFor();
    }

    @Override
    public boolean secure() {
        return client.secure();
    }

    @Override
    public EventLoop eventLoop() {
        return connection.eventLoop();
    }

    @Override
    public long startNanos() {
        return startNanos;
    }

    @Override
    public ByteBuf body() {
        if (body == null) {
            throw new IllegalStateException("body: not collected (expected: needsBody() to ask for it)");
        }
        return body;
    }

    @Override
    public void replaceBody(ByteBuf replacement) throws GatewayException {
        body().release();
        body = replacement;
        readRequest();
    }

    @Override
    public <T> @Nullable T get(Key<T> key) {
        return key.index() < values.length ? key.cast(values[key.index()]) : null;
    }

    @Override
    public <T> void set(Key<T> key, T value) {
        if (key.index() >= values.length) {
            values = Arrays.copyOf(values, Math.max(8, key.index() + 4));
        }
        values[key.index()] = value;
    }

    @Override
    public Downstream filterResponse(ResponseFilter filter) {
        FilterLink link = new FilterLink(this, filter, downstream);
        if (ended != null) {
            notifyEnd(filter, ended);
            return link;
        }
        if (filters == null) {
            filters = new ArrayList<>(4);
        }
        filters.add(link);
        downstream = link;
        return link;
    }

    @Override
    public Progress progress() {
        return new Progress(status, requestBytes, responseBytes, headNanos);
    }

    /** The end of the way: the client's connection. */
    private final class Wire extends ResponseStage {
        @Override
        public void writeHead(ResponseHead head) {
            if (state == State.ENDED || state == State.RESPONDING) {
                return;
            }
            state = State.RESPONDING;
            status = head.status();
            headNanos = System.nanoTime();
            connection.writeHead(head, ServerExchange.this);
        }

        @Override
        public void writeBody(ByteBuf part, boolean last) {
            taken = part;
            if (state != State.RESPONDING) {
                part.release();
                return;
            }
            responseBytes += part.readableBytes();
            if (!connection.writeBody(part, last)) {
                fail(new GatewayException(GatewayError.INTERNAL, "the body does not fit its announced length"));
            } else if (last) {
                end(answeredError == null ? Outcome.ANSWERED : new Outcome(Outcome.End.ANSWERED, answeredError));
                connection.answered();
            }
        }

        @Override
        public void flush() {
            if (state != State.ENDED) {
                connection.flush();
            }
        }

        @Override
        public void fail(GatewayException failure) {
            if (state == State.RESPONDING) {
                end(new Outcome(Outcome.End.CUT, failure));
                connection.cut();
            } else if (state != State.ENDED) {
                respond(errorResponse(failure));
            }
        }

        @Override
        public boolean isWritable() {
            return connection.isWritable();
        }

        @Override
        public void attach(Upstream attached) {
            if (state == State.ENDED) {
                attached.cancel();
                return;
            }
            upstream = attached;
            if (body == null && !requestEnded) {
                if (connection.announcedLength() > route.maxBodyBytes()) {
                    downstream.fail(tooLarge());
                    return;
                }
                streaming = true;
                connection.requestWanted();
            }
        }

        @Override
        public void resumeRequest() {
            if (streaming && state != State.ENDED) {
                connection.requestWanted();
            }
        }
    }
}
