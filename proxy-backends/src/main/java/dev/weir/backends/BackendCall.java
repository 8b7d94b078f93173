package dev.weir.backends;

import dev.weir.backends.translate.Translation;
import dev.weir.core.Dispatch;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.ModelRequest;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import dev.weir.core.Upstream;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.List;
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
final class BackendCall
        implements Upstream,
                BackendConnection.Receiver,
                Connector.Requester,
                QueuePlace.Guest,
                EventStreamGuard.Source {
    private enum State {
        CHOOSING,
        QUEUED,
        CONNECTING,
        WAITING,
        RELAYING,
        DONE
    }

    private final Exchange exchange;
    private final CallKind kind;
    private final Itinerary itinerary;
    private final Dispatch dispatch = new Dispatch();
    private final StreamFormat format;
    private final long heartbeatMillis;
    private Downstream downstream;
    private boolean guarded;
    private @Nullable Translation translation;

    private State state = State.CHOOSING;
    private @Nullable QueuePlace place;
    private @Nullable Lease lease;
    private @Nullable Backend failedBefore;
    private @Nullable Channel connecting;
    private @Nullable BackendConnection connection;
    private @Nullable RequestStream requestStream;
    private Lease.Verdict verdict = Lease.Verdict.WORKS;

    /**
     * @param groups who may answer, in order: the one asked for, then its fallbacks
     * @param heartbeatMillis how often a client that waits for a stream's first token hears of Weir; 0 for never
     */
    BackendCall(
            Exchange exchange, Downstream downstream, List<BackendGroup> groups, CallKind kind, long heartbeatMillis) {
        this.exchange = exchange;
        this.downstream = downstream;
        this.kind = kind;
        this.heartbeatMillis = heartbeatMillis;
        this.format = kind == CallKind.RELAY ? StreamFormat.OTHER : StreamFormat.of(UpstreamPath.pathOf(exchange));
        this.itinerary = new Itinerary(groups, kind, asker(exchange, groups.get(0)));
    }

    private static Asker asker(Exchange exchange, BackendGroup group) {
        Identity identity = exchange.get(Identity.KEY);
        String id = identity == null ? "" : identity.id();
        return new Asker(id, Affinities.of(group.balancing().affinity(), exchange, id));
    }

    void start() {
        exchange.set(Dispatch.KEY, dispatch);
        itinerary.begin();
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (heartbeatMillis > 0 && request != null && request.stream() && format.hasComments()) {
            Downstream client = downstream;
            guard().beatEvery(heartbeatMillis, client);
        }
        downstream.attach(this);
        if (state == State.CHOOSING) {
            arrive();
        }
    }

    /** Comes to a group: behind those who wait already. */
    private void arrive() {
        if (itinerary.group().queue().isEmpty()) {
            choose();
        } else {
            queue();
        }
    }

    private void choose() {
        Choice choice = itinerary.choose();
        if (choice instanceof Lease taken) {
            if (place != null) {
                itinerary.group().queue().served();
            }
            leaveQueue();
            attempt(taken);
        } else if (choice == Choice.None.BUSY) {
            queue();
        } else {
            leaveQueue();
            fallBack();
        }
    }

    private void queue() {
        state = State.QUEUED;
        QueuePlace kept = place;
        if (kept != null) {
            kept.waitOn();
            return;
        }
        QueuePlace fresh = new QueuePlace(itinerary.group(), itinerary.asker(), exchange.eventLoop(), this);
        if (fresh.enter()) {
            place = fresh;
            noteWait();
        } else {
            crowdedOut();
        }
    }

    /** Has everybody know how long the wait may be. */
    private void noteWait() {
        QueuePlace kept = place;
        if (kept != null) {
            int position = kept.position();
            dispatch.waiting(position, itinerary.group().queue().expectedWaitMillis(position));
        }
    }

    @Override
    public void slotMayBeFree() {
        state = State.CHOOSING;
        choose();
    }

    @Override
    public void crowdedOut() {
        leaveQueue();
        state = State.CHOOSING;
        itinerary.crowdedOut();
        fallBack();
    }

    private void leaveQueue() {
        if (place != null) {
            dispatch.queued(place.leave());
            dispatch.waiting(0, 0);
            place = null;
        }
    }

    private void attempt(Lease taken) {
        lease = taken;
        if (failedBefore != null) {
            events().retried(failedBefore);
            failedBefore = null;
        }
        dispatch.attempt(taken.backend().name(), itinerary.group().name());
        dispatch.chosen(taken.reason().label());
        events().chosen(itinerary.group().name(), taken.reason());
        BackendConnection idle = kind == CallKind.INFERENCE
                ? taken.backend().pool(exchange.eventLoop()).takeUsable()
                : null;
        if (idle == null) {
            connect(taken);
        } else {
            state = State.CONNECTING;
            connected(idle);
        }
    }

    private void connect(Lease taken) {
        state = State.CONNECTING;
        connecting = taken.backend().connector().connect(taken.backend(), exchange.eventLoop(), this);
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
            translation = Tongues.between(exchange, held.backend());
            ByteBuf request;
            try {
                request = RequestWriter.whole(exchange, held.target(), translation);
            } catch (GatewayException e) {
                refuse(e);
                return;
            }
            ready.send(request, true, headRequest, this);
        } else {
            requestStream = new RequestStream(exchange.request().headers(), ready);
            ready.send(RequestWriter.head(exchange, held.target()), false, headRequest, this);
            downstream.resumeRequest();
        }
    }

    /** The request is not for this backend, and that is the request's fault. */
    private void refuse(GatewayException refusal) {
        state = State.DONE;
        if (connection != null) {
            connection.close();
            connection = null;
        }
        releaseLease(Lease.Verdict.NOTHING);
        downstream.fail(refusal);
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
        Lease held = lease;
        if (held == null) {
            return;
        }
        if (kind == CallKind.INFERENCE && translation == null && Tongues.isWithoutV1(head, exchange, held.backend())) {
            askInItsOwnApi(held);
            return;
        }
        dispatch.firstByte(System.nanoTime());
        Failure failure = Failure.of(head, held.backend());
        if (failure == null) {
            held.answered();
            if (head.status() < 300) {
                ModelRequest request = exchange.get(ModelRequest.KEY);
                held.ran(request != null && request.stream());
            }
        } else if (isRepeated(failure, held.backend())) {
            return;
        } else {
            verdict = failure.verdict();
        }
        state = State.RELAYING;
        head.headers().set("x-weir-backend", held.backend().fields().shownName());
        if (kind == CallKind.INFERENCE) {
            head.headers().set("x-weir-model", itinerary.group().shownName());
        }
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (translation == null || request == null) {
            answer(head);
            return;
        }
        ResponseFilter told = translation.answer(exchange, head, request.model());
        ResponseHead toldHead = translation.head(head);
        if (!guarded && EventStreamGuard.canSpeakIn(toldHead, format)) {
            guard();
        }
        downstream = exchange.filterResponse(told);
        downstream.writeHead(toldHead);
    }

    private void answer(ResponseHead head) {
        if (!guarded && EventStreamGuard.canSpeakIn(head, format)) {
            guard();
        }
        downstream.writeHead(head);
    }

    /** The same backend again, which is too old for what it was asked in. */
    private void askInItsOwnApi(Lease held) {
        held.backend().lacksV1();
        if (connection != null) {
            connection.close();
            connection = null;
        }
        connect(held);
    }

    /** Has the answer guarded on its way to the client. */
    private EventStreamGuard guard() {
        EventStreamGuard guard = new EventStreamGuard(exchange, format, events(), this);
        downstream = exchange.filterResponse(guard);
        guarded = true;
        return guard;
    }

    @Override
    public void abandon(Failure.@Nullable Kind failure) {
        if (state == State.RELAYING) {
            state = State.DONE;
            if (connection != null) {
                connection.close();
                connection = null;
            }
            Lease held = lease;
            if (failure != null && held != null) {
                events().failed(held.backend(), failure.label());
            }
            releaseLease(failure == null ? verdict : Lease.Verdict.NOTHING);
        }
    }

    @Override
    public String waiting() {
        noteWait();
        return dispatch.queuePosition() == 0
                ? ""
                : "queue=" + dispatch.queuePosition() + " wait=" + dispatch.expectedWaitMillis() / 1000 + "s";
    }

    /** Drops this answer, an error, if somebody else may give one in its place. */
    private boolean isRepeated(Failure failure, Backend backend) {
        if (failure.kind() == Failure.Kind.NOT_FOUND) {
            noteMissing();
        }
        Itinerary.Repeat repeat = itinerary.repeatsAnswer(failure, backend);
        if (repeat == Itinerary.Repeat.NO) {
            return false;
        }
        if (connection != null) {
            connection.close();
            connection = null;
        }
        attemptOver(failure, repeat == Itinerary.Repeat.ELSEWHERE);
        return true;
    }

    /** A backend says that it has no such model: asks it which models it has. */
    private void noteMissing() {
        Lease held = lease;
        if (held != null && kind == CallKind.INFERENCE) {
            held.target().hosted().missing();
            held.backend().refresh();
        }
    }

    @Override
    public void onBody(ByteBuf part, boolean last) {
        if (last) {
            state = State.DONE;
            connection = null;
            requestStream = null;
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
            downstream.fail(failure.answer(itinerary.group()));
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
            events().retried(held.backend());
            connect(held);
            return;
        }
        attemptOver(failure, itinerary.retriesAfter(failure, held.backend()));
    }

    private void attemptOver(Failure failure, boolean again) {
        state = State.CHOOSING;
        Lease held = lease;
        failed(failure);
        if (again) {
            failedBefore = held == null ? null : held.backend();
            choose();
        } else {
            fallBack();
        }
    }

    private void failed(Failure failure) {
        Lease held = lease;
        if (held != null) {
            events().failed(held.backend(), failure.kind().label());
            releaseLease(failure.verdict());
        }
    }

    private void fallBack() {
        failedBefore = null;
        if (itinerary.fallBack()) {
            arrive();
        } else {
            state = State.DONE;
            downstream.fail(itinerary.refusal());
        }
    }

    private BackendEvents events() {
        return itinerary.group().events();
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
        state = State.DONE;
        leaveQueue();
        Lease held = lease;
        if (held != null) {
            dispatch.cancelled();
            events().cancelled(held.backend());
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
            events().ejected(held.backend());
        }
    }
}
