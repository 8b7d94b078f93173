package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request: runs the chain, collects or streams the body, carries the answer to the client, ends exactly once.
 *
 * <pre>
 *   CHAIN ──needs the body──▶ COLLECTING ──complete──▶ CHAIN        (a wait for a verdict stays in CHAIN)
 *   CHAIN ──all passed, or answered──▶ SERVING ──head written──▶ RESPONDING ──last part written──▶ ENDED
 *   any ──error before the head──▶ SERVING, with the error as the answer
 *   any ──client left, or error after the head──▶ ENDED
 * </pre>
 *
 * <p>A client that leaves while the endpoint works does not end it if a filter wants the answer for others ({@link
 * ResponseFilter#outlivesClient}): the exchange stays SERVING or RESPONDING, keeps its upstream and its body, and is one of the
 * engine's {@link Orphans}. What is written from then on goes nowhere.
 *
 * <pre>
 *   SERVING, RESPONDING ──client left, no filter wants the answer──▶ ENDED
 *   SERVING, RESPONDING ──client left, a filter wants the answer──▶ orphan
 *   orphan ──last part, or failure──▶ ENDED                  orphan ──no filter wants the answer any more──▶ ENDED
 *   orphan ──drain deadline, or server closed──▶ ENDED       (all as an exchange whose client left)
 * </pre>
 *
 * Runs on the event loop of its client connection.
 */
final class ServerExchange extends ExchangeFacts {
    private static final Logger LOG = LoggerFactory.getLogger(ServerExchange.class);

    private enum State {
        CHAIN,
        COLLECTING,
        SERVING,
        RESPONDING,
        ENDED
    }

    private final ClientConnection connection;
    private final Engine engine;
    private final ClientStage wire;

    /** Where an answer begins its way: the filter attached last, or the connection. */
    private ResponseStage downstream;

    /** See what the endpoint answers first; attached when it is asked. */
    private List<ResponseFilter> endpointFilters = List.of();

    private State state = State.CHAIN;
    private int step;
    private @Nullable VerdictWait wait;

    private final RequestBody body;
    private @Nullable Upstream upstream;

    private @Nullable GatewayException answeredError;
    private @Nullable Outcome outcome;

    ServerExchange(
            ClientConnection connection,
            Engine engine,
            RequestHead request,
            Route route,
            ClientFacts client,
            long startNanos) {
        super(request, route, client, startNanos);
        this.connection = connection;
        this.engine = engine;
        this.body = new RequestBody(route.maxBodyBytes());
        this.wire = new ClientStage(this, connection);
        this.downstream = wire;
        engine.exchangeBegan();
    }

    /** Begins the chain. */
    void start() {
        proceed();
    }

    private void proceed() {
        List<Middleware> chain = route().chain();
        while (state == State.CHAIN) {
            boolean atEndpoint = step == chain.size();
            if (!body.isCollected() && needsBody(atEndpoint ? null : chain.get(step))) {
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

    /** Whether the next step, a middleware or else the endpoint, reads the body. One that cannot say gets it. */
    private boolean needsBody(@Nullable Middleware middleware) {
        if (middleware == null) {
            return route().endpoint().needsBody();
        }
        try {
            return middleware.needsBody(this);
        } catch (RuntimeException e) {
            LOG.error("exchange {}: {} cannot say whether it needs the body", id(), middleware, e);
            return true;
        }
    }

    private Verdict verdictOf(Middleware middleware) {
        try {
            return middleware.onRequest(this);
        } catch (GatewayException e) {
            return Verdict.reject(e);
        } catch (Throwable e) {
            return Verdict.reject(
                    internalError("middleware " + middleware.getClass().getSimpleName(), e));
        }
    }

    /** Carries a verdict out; returns whether the chain goes on at once. */
    private boolean take(@Nullable Verdict verdict) {
        if (verdict instanceof Verdict.Proceed) {
            return true;
        }
        if (verdict instanceof Verdict.Await await) {
            return await(await.pending());
        }
        if (verdict instanceof Verdict.Respond respond) {
            state = State.SERVING;
            downstream.respond(respond.response());
        } else if (verdict instanceof Verdict.Reject reject) {
            fail(reject.refusal());
        } else {
            fail(internalError("a middleware without a verdict", null));
        }
        return false;
    }

    private boolean await(CompletionStage<Verdict> stage) {
        CompletableFuture<Verdict> pending = stage.toCompletableFuture();
        if (pending.isDone() && !pending.isCompletedExceptionally()) {
            return take(pending.join());
        }
        VerdictWait begun = new VerdictWait(this);
        wait = begun;
        begun.begin(pending, engine.snapshot().settings().timeouts().awaitMillis());
        return false;
    }

    /** The wait is over. */
    void decided(@Nullable Verdict verdict) {
        wait = null;
        if (take(verdict)) {
            proceed();
        }
    }

    private void serve() {
        state = State.SERVING;
        for (ResponseFilter filter : endpointFilters) {
            filterResponse(filter);
        }
        try {
            route().endpoint().serve(this, downstream);
        } catch (GatewayException e) {
            fail(e);
        } catch (Throwable e) {
            fail(internalError("endpoint of " + route().name(), e));
        }
    }

    private void collect() {
        try {
            body.announce(connection.announcedLength());
        } catch (GatewayException e) {
            fail(e);
            return;
        }
        state = State.COLLECTING;
        body.collectWith(new BodyCollector(engine, connection.channel().alloc()));
        connection.readOn();
    }

    /** Names who is told about this exchange from now on; a body that was not collected streams to it. */
    void attach(Upstream attached) {
        if (state == State.ENDED) {
            attached.cancel();
            return;
        }
        upstream = attached;
        try {
            body.announce(connection.announcedLength());
            if (body.streamTo(attached)) {
                connection.readOn();
            }
        } catch (GatewayException e) {
            fail(e);
        }
    }

    /** The upstream takes more of the body again. */
    void resumeRequest() {
        if (body.isStreaming() && state != State.ENDED) {
            connection.readOn();
        }
    }

    /** Whether the connection shall read on in the request's body. */
    boolean wantsBody() {
        return state == State.COLLECTING || body.isWantedByStream();
    }

    /** Whether the request's body goes on to an upstream as it comes. */
    boolean isStreaming() {
        return body.isStreaming();
    }

    /** The next part of the request's body. Takes {@code part}. */
    void onBody(ByteBuf part, boolean last) {
        try {
            if (body.add(part, last)) {
                state = State.CHAIN;
                if (route().requestReader() != null && LargeBodies.isLarge(body.whole())) {
                    engine.largeBodies().examine(route().requestReader(), this);
                } else {
                    readRequest();
                    proceed();
                }
            }
        } catch (GatewayException e) {
            fail(e);
        } catch (Throwable e) {
            fail(internalError("request body of " + route().name(), e));
        }
    }

    /** What another thread found in the body; the chain goes on. */
    void examined(Route.@Nullable Reading reading, @Nullable Throwable failure) {
        if (state != State.CHAIN) {
            return;
        }
        if (reading == null) {
            fail(failure instanceof GatewayException refusal ? refusal : internalError("request body", failure));
            return;
        }
        try {
            reading.into(this);
        } catch (GatewayException e) {
            fail(e);
            return;
        } catch (Throwable e) {
            fail(internalError("request body of " + route().name(), e));
            return;
        }
        proceed();
    }

    private void readRequest() throws GatewayException {
        Route.RequestReader reader = route().requestReader();
        if (reader != null) {
            reader.read(this);
        }
    }

    /** The client takes more again. */
    void onWritable() {
        resumeResponse();
    }

    @Override
    public void resumeResponse() {
        if (upstream != null && state != State.ENDED && downstream.isWritable()) {
            upstream.resume();
        }
    }

    /** Ends the exchange with an error: an answer before the head, after it a visible cut. */
    void fail(GatewayException failure) {
        if (state == State.CHAIN || state == State.COLLECTING) {
            state = State.SERVING;
        }
        downstream.fail(failure);
    }

    LocalResponse errorResponse(GatewayException failure) {
        answeredError = failure;
        return ErrorResponses.of(route().dialect(), failure, id());
    }

    /** Logs what should not have happened and makes an answer of it that tells nothing about it. */
    GatewayException internalError(String where, @Nullable Throwable cause) {
        LOG.error("exchange {}: {} failed", id(), where, cause);
        if (cause instanceof OutOfMemoryError) {
            return new GatewayException(GatewayError.OVERLOADED, "out of memory", cause).retryAfterMillis(1000);
        }
        return new GatewayException(GatewayError.INTERNAL, "internal error; the log names request " + id(), cause);
    }

    /** The answer's head goes out. */
    void responding() {
        state = State.RESPONDING;
    }

    /** The answer's last part went out. */
    void answered() {
        end(answeredError == null ? Outcome.ANSWERED : new Outcome(Outcome.End.ANSWERED, answeredError));
        connection.answered();
    }

    /** The answer cannot be finished. */
    void cut(GatewayException failure) {
        end(new Outcome(Outcome.End.CUT, failure));
        connection.cut();
    }

    /** The client's connection is gone. */
    void clientLeft() {
        wire.clientLeft();
        if (isWanted()) {
            engine.orphans().add(this);
            resumeResponse();
        } else {
            endWithoutClient();
        }
    }

    @Override
    public void endIfUnwanted() {
        if (wire.isClientGone() && !isWanted()) {
            endWithoutClient();
        }
    }

    /** Whether the answer is wanted for others than the client. */
    private boolean isWanted() {
        boolean working = upstream != null && (state == State.SERVING || state == State.RESPONDING);
        return working && body.isCollected() && downstream.outlivesClient();
    }

    /** Nothing more comes for the client, who is gone. */
    void endWithoutClient() {
        end(Outcome.CLIENT_LEFT);
        engine.orphans().remove(this);
    }

    private void end(Outcome how) {
        if (state == State.ENDED) {
            return;
        }
        state = State.ENDED;
        outcome = how;
        if (wait != null) {
            wait.stop();
        }
        cancelUpstream();
        try {
            downstream.ended(how);
        } finally {
            body.release();
        }
        try {
            engine.listener().ended(this, how);
        } catch (RuntimeException e) {
            LOG.error("exchange {}: end could not be recorded", id(), e);
        }
        engine.exchangeEnded();
    }

    private void cancelUpstream() {
        if (upstream != null) {
            try {
                upstream.cancel();
            } catch (RuntimeException e) {
                LOG.error("exchange {}: upstream could not be cancelled", id(), e);
            }
        }
    }

    boolean hasEnded() {
        return state == State.ENDED;
    }

    @Override
    public EventLoop eventLoop() {
        return connection.channel().eventLoop();
    }

    @Override
    public ByteBuf body() {
        return body.whole();
    }

    @Override
    public boolean isBodyCollected() {
        return body.isCollected();
    }

    @Override
    public void replaceBody(ByteBuf replacement) throws GatewayException {
        body.replace(replacement);
        readRequest();
    }

    @Override
    public Downstream filterResponse(ResponseFilter filter) {
        FilterLink link = new FilterLink(this, filter, downstream);
        if (outcome != null) {
            link.endOwn(outcome);
        } else {
            downstream = link;
        }
        return link;
    }

    @Override
    public void filterEndpoint(ResponseFilter filter) {
        if (endpointFilters.isEmpty()) {
            endpointFilters = new ArrayList<>(2);
        }
        endpointFilters.add(filter);
    }

    @Override
    public Progress progress() {
        return new Progress(wire.status(), body.bytes(), wire.bodyBytes(), wire.headNanos());
    }
}
