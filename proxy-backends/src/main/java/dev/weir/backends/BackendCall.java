package dev.weir.backends;

import dev.weir.core.Dispatch;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.Identity;
import dev.weir.core.ResponseHead;
import dev.weir.core.Upstream;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One exchange's way to an answer: attempts on one target after another until one answers. Where to ask next, and whether it
 * may, is for {@link Itinerary}; one try is an {@link Attempt}; the way back is {@link ResponseRelay}.
 *
 * <pre>
 *   CHOOSING ──slot──▶ ATTEMPTING ──answered──▶ RELAYING ──end──▶ DONE
 *   CHOOSING ──all busy──▶ QUEUED ──slot freed──▶ CHOOSING
 *   ATTEMPTING ──failed, may be repeated──▶ CHOOSING      (on another target, or with a fallback)
 *   any ──client left, or failed for good──▶ DONE
 * </pre>
 *
 * Runs on the event loop of its exchange.
 */
final class BackendCall implements Upstream, Attempt.Owner, QueuePlace.Guest, EventStreamGuard.Source {
    private enum State {
        CHOOSING,
        QUEUED,
        ATTEMPTING,
        RELAYING,
        DONE
    }

    private final Exchange exchange;
    private final CallKind kind;
    private final Itinerary itinerary;
    private final Dispatch dispatch = new Dispatch();
    private final BackendEvents events;
    private final ResponseRelay relay;

    private State state = State.CHOOSING;
    private @Nullable QueuePlace place;
    private @Nullable Attempt attempt;
    private @Nullable Backend failedBefore;

    /** @param groups who may answer, in order: the one asked for, then its fallbacks */
    BackendCall(Exchange exchange, Downstream downstream, List<BackendGroup> groups, CallKind kind) {
        this.exchange = exchange;
        this.kind = kind;
        this.events = groups.get(0).events();
        this.itinerary = new Itinerary(groups, kind, asker(exchange, groups.get(0)));
        StreamFormat format =
                kind == CallKind.RELAY ? StreamFormat.OTHER : StreamFormat.of(UpstreamPath.pathOf(exchange));
        this.relay = new ResponseRelay(exchange, downstream, format, events, this);
    }

    private static Asker asker(Exchange exchange, BackendGroup group) {
        Identity identity = exchange.get(Identity.KEY);
        String id = identity == null ? "" : identity.id();
        return new Asker(id, Affinities.of(group.balancing().affinity(), exchange, id));
    }

    /** @param heartbeatMillis how often a client that waits for a stream's first token hears of Weir; 0 for never */
    void start(long heartbeatMillis) {
        exchange.set(Dispatch.KEY, dispatch);
        itinerary.begin();
        relay.beatEvery(heartbeatMillis);
        relay.downstream().attach(this);
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
            Attempt next = new Attempt(exchange, kind, taken, dispatch, events, this);
            try {
                next.prepare();
            } catch (GatewayException e) {
                itinerary.cannotBeTold(taken.backend(), e);
                choose();
                return;
            }
            if (place != null) {
                itinerary.group().queue().served();
            }
            leaveQueue();
            attempt(next, taken.reason());
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
        } else if (itinerary.losesPatience()) {
            // It cannot wait for a better one.
            state = State.CHOOSING;
            choose();
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

    private void attempt(Attempt next, Reason reason) {
        if (failedBefore != null) {
            events.retried(failedBefore);
            failedBefore = null;
        }
        BackendGroup group = itinerary.group();
        dispatch.attempt(next.backend().name(), group.name());
        dispatch.chosen(reason.label());
        events.chosen(group.name(), reason);
        state = State.ATTEMPTING;
        attempt = next;
        next.start();
    }

    @Override
    public void answered(ResponseHead head) {
        Attempt answering = attempt;
        if (answering == null) {
            return;
        }
        Failure failure = Failure.of(head, answering.backend());
        if (failure != null && isRepeated(failure, answering)) {
            return;
        }
        answering.accept(head, failure);
        state = State.RELAYING;
        relay.begin(head, answering.backend(), servingGroup(), answering.translation());
    }

    /** Drops this answer, an error, if somebody else may give one in its place. */
    private boolean isRepeated(Failure failure, Attempt answering) {
        if (failure.kind() == Failure.Kind.NOT_FOUND && kind == CallKind.INFERENCE) {
            // It says that it has no such model: which ones has it?
            answering.target().hosted().missing();
            answering.backend().refresh();
        }
        Itinerary.Repeat repeat = itinerary.repeatsAnswer(failure, answering.backend());
        if (repeat == Itinerary.Repeat.NO) {
            return false;
        }
        attemptOver(answering, failure, repeat == Itinerary.Repeat.ELSEWHERE);
        return true;
    }

    @Override
    public void failed(Failure failure) {
        Attempt failed = attempt;
        if (failed != null) {
            attemptOver(failed, failure, itinerary.retriesAfter(failure, failed.backend()));
        }
    }

    /** The attempt brought no answer: goes on elsewhere if that is safe and allowed, else with a fallback, else gives up. */
    private void attemptOver(Attempt over, Failure failure, boolean again) {
        state = State.CHOOSING;
        attempt = null;
        over.fail(failure);
        if (again) {
            failedBefore = over.backend();
            choose();
        } else {
            fallBack();
        }
    }

    private void fallBack() {
        failedBefore = null;
        if (itinerary.fallBack()) {
            arrive();
        } else {
            state = State.DONE;
            relay.fail(itinerary.refusal());
        }
    }

    @Override
    public void refused(GatewayException refusal) {
        Attempt refused = attempt;
        if (refused != null) {
            attempt = null;
            state = State.CHOOSING;
            itinerary.cannotBeTold(refused.backend(), refusal);
            choose();
        }
    }

    @Override
    public void body(ByteBuf part, boolean last) {
        if (!last) {
            relay.body(part, false);
            return;
        }
        state = State.DONE;
        relay.body(part, true);
        attempt = null;
    }

    @Override
    public boolean flush() {
        return relay.flush();
    }

    @Override
    public void broken(Failure failure) {
        Attempt broken = over();
        if (broken != null) {
            broken.fail(failure);
        }
        relay.fail(failure.answer(itinerary.group()));
    }

    private @Nullable Attempt over() {
        Attempt last = attempt;
        attempt = null;
        state = State.DONE;
        return last;
    }

    @Override
    public void abandon(Failure.@Nullable Kind failure) {
        Attempt abandoned = over();
        if (abandoned != null) {
            abandoned.abandon(failure);
        }
    }

    @Override
    public void nameIn(Headers headers) {
        ResponseRelay.name(headers, attempt == null ? null : attempt.backend(), servingGroup());
    }

    /** The group whose turn it is, if the request goes by its model. */
    private @Nullable BackendGroup servingGroup() {
        return kind == CallKind.INFERENCE ? itinerary.group() : null;
    }

    @Override
    public String waiting() {
        noteWait();
        return dispatch.queuePosition() == 0
                ? ""
                : "queue=" + dispatch.queuePosition() + " wait=" + dispatch.expectedWaitMillis() / 1000 + "s";
    }

    @Override
    public void resumeRequest() {
        relay.downstream().resumeRequest();
    }

    @Override
    public void writeBody(ByteBuf part, boolean last) {
        if (attempt == null) {
            part.release();
        } else {
            attempt.writeBody(part, last);
        }
    }

    @Override
    public boolean isWritable() {
        return attempt != null && attempt.isWritable();
    }

    @Override
    public void resume() {
        if (attempt != null) {
            attempt.resume();
        }
    }

    @Override
    public void cancel() {
        if (state == State.DONE) {
            return;
        }
        leaveQueue();
        Attempt stopped = over();
        if (stopped != null) {
            stopped.cancel();
        }
    }
}
