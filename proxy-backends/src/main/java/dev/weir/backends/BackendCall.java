package dev.weir.backends;

import dev.weir.core.Dispatch;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.ResponseHead;
import dev.weir.core.Upstream;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One exchange's way to an answer: attempts on one target after another until one answers.
 *
 * <pre>
 *   CHOOSING ──slot──▶ CONNECTING ──connected, sent──▶ WAITING ──head──▶ RELAYING ──end──▶ DONE
 *   CHOOSING ──all busy──▶ QUEUED ──slot freed──▶ CHOOSING
 *   CONNECTING, WAITING ──failed, may be repeated──▶ CHOOSING      (on another target, or with a fallback)
 *   any ──client left, or failed for good──▶ DONE
 * </pre>
 *
 * Runs on the event loop of its exchange.
 */
final class BackendCall implements Upstream, BackendConnection.Receiver, Connector.Requester, WaitQueue.Waiter {
    private enum State {
        CHOOSING,
        QUEUED,
        CONNECTING,
        WAITING,
        RELAYING,
        DONE
    }

    private final Exchange exchange;
    private final List<BackendGroup> groups;
    private final CallKind kind;
    private final Dispatch dispatch = new Dispatch();
    private final RetryRule retryRule;
    private Downstream downstream;

    private State state = State.CHOOSING;
    private BackendGroup group;
    private int groupIndex;
    private @Nullable Lease lease;
    private @Nullable Channel connecting;
    private @Nullable BackendConnection connection;
    private @Nullable RequestStream requestStream;
    private @Nullable Failure lastFailure;
    private Lease.Verdict verdict = Lease.Verdict.WORKS;
    private @Nullable ScheduledFuture<?> queueTimer;
    private long queuedSinceNanos;

    BackendCall(Exchange exchange, Downstream downstream, List<BackendGroup> groups, CallKind kind) {
        this.exchange = exchange;
        this.downstream = downstream;
        this.groups = groups;
        this.kind = kind;
        this.group = groups.get(0);
        this.retryRule = new RetryRule(kind, group);
    }

    void start() {
        exchange.set(Dispatch.KEY, dispatch);
        retryRule.request();
        downstream.attach(this);
        if (state == State.CHOOSING) {
            choose(false);
        }
    }

    private void choose(boolean atFront) {
        Choice choice = group.choose(retryRule.tried());
        if (choice instanceof Lease taken) {
            attempt(taken);
        } else if (choice == Choice.None.BUSY) {
            queue(atFront);
        } else {
            fallBack();
        }
    }

    private void queue(boolean atFront) {
        long now = System.nanoTime();
        long left = queueTimer == null
                ? group.settings().queueMillis()
                : group.settings().queueMillis() - TimeUnit.NANOSECONDS.toMillis(now - queuedSinceNanos);
        if (left <= 0 || !group.queue().enter(this, atFront)) {
            stopWaiting();
            fallBack();
            return;
        }
        state = State.QUEUED;
        if (queueTimer == null) {
            queuedSinceNanos = now;
            queueTimer = exchange.eventLoop().schedule(this::queueExpired, left, TimeUnit.MILLISECONDS);
        }
        // A slot freed between looking and entering woke nobody.
        if (group.hasCandidate(retryRule.tried())) {
            group.queue().leave(this);
            state = State.CHOOSING;
            choose(true);
        }
    }

    @Override
    public void wake(WaitQueue from) {
        exchange.eventLoop().execute(() -> {
            if (state == State.QUEUED && group.queue() == from) {
                state = State.CHOOSING;
                choose(true);
            } else {
                // This call has left meanwhile: the slot is somebody else's turn.
                from.slotFreed();
            }
        });
    }

    private void queueExpired() {
        if (state == State.QUEUED) {
            group.queue().leave(this);
            stopWaiting();
            state = State.CHOOSING;
            fallBack();
        }
    }

    private void stopWaiting() {
        if (queueTimer != null) {
            queueTimer.cancel(false);
            queueTimer = null;
            dispatch.queued(System.nanoTime() - queuedSinceNanos);
        }
    }

    private void attempt(Lease taken) {
        stopWaiting();
        lease = taken;
        dispatch.attempt(taken.backend().name(), group.name());
        BackendConnection idle = kind == CallKind.INFERENCE ? idleConnection(taken.backend()) : null;
        state = State.CONNECTING;
        if (idle == null) {
            connect(taken);
        } else {
            connected(idle);
        }
    }

    private void connect(Lease taken) {
        state = State.CONNECTING;
        connecting = taken.backend().connector().connect(taken.backend(), exchange.eventLoop(), this);
    }

    private @Nullable BackendConnection idleConnection(Backend backend) {
        ConnectionPool pool = backend.pool(exchange.eventLoop());
        BackendConnection idle = pool.take();
        while (idle != null && !idle.isUsable()) {
            idle.close();
            idle = pool.take();
        }
        return idle;
    }

    @Override
    public void connected(BackendConnection ready) {
        connecting = null;
        Lease held = lease;
        if (state != State.CONNECTING || held == null) {
            ready.close();
            return;
        }
        connection = ready;
        state = State.WAITING;
        dispatch.sent(System.nanoTime());
        boolean headRequest = exchange.request().isHead();
        if (kind == CallKind.INFERENCE) {
            ready.send(RequestWriter.whole(exchange, held.target()), true, headRequest, this);
        } else {
            requestStream = new RequestStream(exchange.request().headers(), ready);
            ready.send(RequestWriter.head(exchange, held.target()), false, headRequest, this);
            downstream.resumeRequest();
        }
    }

    @Override
    public void notConnected(Failure failure) {
        connecting = null;
        if (state == State.CONNECTING) {
            attemptFailed(failure);
        }
    }

    @Override
    public void onHead(ResponseHead head) {
        dispatch.firstByte(System.nanoTime());
        int status = head.status();
        Lease held = lease;
        if (held != null && retryRule.mayRepeat(status, held.backend(), group, hasFallback())) {
            BackendConnection failed = connection;
            connection = null;
            if (failed != null) {
                failed.close();
            }
            attemptFailed(new Failure(
                    status == 500 ? Failure.Kind.SERVER_ERROR : Failure.Kind.UNAVAILABLE,
                    "backend " + dispatch.backend() + " answered " + status));
            return;
        }
        verdict = status >= 502 && status <= 504
                ? Lease.Verdict.FAILED
                : status == 500 ? Lease.Verdict.NOTHING : Lease.Verdict.WORKS;
        state = State.RELAYING;
        head.headers().set("x-weir-backend", dispatch.backend()).set("x-weir-model", dispatch.model());
        if (head.isEventStream()) {
            downstream = EventStreamGuard.attach(exchange, head, group.events());
        }
        downstream.writeHead(head);
    }

    @Override
    public void onBody(ByteBuf part, boolean last) {
        if (last) {
            state = State.DONE;
            connection = null;
            releaseLease(verdict);
        }
        downstream.writeBody(part, last);
    }

    @Override
    public void onReadComplete() {
        downstream.flush();
        if (connection != null && !downstream.isWritable()) {
            connection.setReading(false);
        }
    }

    @Override
    public void onFailure(Failure failure) {
        connection = null;
        if (state == State.RELAYING) {
            state = State.DONE;
            failed(failure);
            downstream.fail(failure.answer(group.retryAfterMillis()));
        } else if (state == State.WAITING) {
            attemptFailed(failure);
        }
    }

    /** The attempt brought no answer: tries again if that is safe and allowed, else with a fallback, else gives up. */
    private void attemptFailed(Failure failure) {
        Lease held = lease;
        if (held == null) {
            return;
        }
        requestStream = null;
        if (failure.kind() == Failure.Kind.STALE && kind == CallKind.INFERENCE) {
            group.events().retried(held.backend());
            connect(held);
            return;
        }
        failed(failure);
        lastFailure = failure;
        state = State.CHOOSING;
        if (retryRule.mayRetry(failure, held.backend(), group)) {
            group.events().retried(held.backend());
            choose(false);
        } else if (kind == CallKind.INFERENCE) {
            fallBack();
        } else {
            giveUp();
        }
    }

    private void failed(Failure failure) {
        Lease held = lease;
        if (held != null) {
            group.events().failed(held.backend(), failure.kind().label());
            releaseLease(failure.kind() == Failure.Kind.SERVER_ERROR ? Lease.Verdict.NOTHING : Lease.Verdict.FAILED);
        }
    }

    private void fallBack() {
        if (!hasFallback()) {
            giveUp();
            return;
        }
        BackendGroup next = groups.get(++groupIndex);
        group.events().fellBack(group.name(), next.name());
        group = next;
        retryRule.fellBack();
        choose(false);
    }

    private boolean hasFallback() {
        return groupIndex + 1 < groups.size();
    }

    private void giveUp() {
        state = State.DONE;
        downstream.fail(lastFailure == null ? groups.get(0).nobody() : lastFailure.answer(group.retryAfterMillis()));
    }

    @Override
    public void writeBody(ByteBuf part, boolean last) {
        if (requestStream == null) {
            part.release();
        } else {
            requestStream.write(part, last);
        }
    }

    @Override
    public boolean isWritable() {
        return requestStream != null && connection != null && connection.isWritable();
    }

    @Override
    public void onWritable() {
        downstream.resumeRequest();
    }

    @Override
    public void resume() {
        if (connection != null) {
            connection.setReading(true);
        }
    }

    @Override
    public void cancel() {
        if (state == State.DONE) {
            return;
        }
        if (state == State.QUEUED) {
            group.queue().leave(this);
            stopWaiting();
        }
        state = State.DONE;
        Lease held = lease;
        if (held != null) {
            dispatch.cancelled();
            group.events().cancelled(held.backend());
        }
        if (connecting != null) {
            connecting.close();
            connecting = null;
        }
        if (connection != null) {
            connection.close();
            connection = null;
        }
        releaseLease(Lease.Verdict.NOTHING);
    }

    private void releaseLease(Lease.Verdict about) {
        Lease held = lease;
        lease = null;
        if (held != null && held.release(about)) {
            group.events().ejected(held.backend());
        }
    }
}
