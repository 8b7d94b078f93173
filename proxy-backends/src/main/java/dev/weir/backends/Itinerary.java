package dev.weir.backends;

import dev.weir.core.GatewayException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where one request has been and may still go: on which backends it was tried, how many attempts it has left, which group
 * comes next. Runs on the exchange's event loop.
 */
final class Itinerary {
    private final List<BackendGroup> groups;
    private final CallKind kind;
    private final RetryBudget budget;
    private final Asker asker;
    private BackendGroup group;
    private int groupIndex;
    private int retriesLeft;
    private boolean serverErrorTried;
    private @Nullable Failure lastFailure;
    private @Nullable GatewayException inexpressible;

    /**
     * @param groups who may answer, in order: the one asked for, then its fallbacks
     */
    Itinerary(List<BackendGroup> groups, CallKind kind, Asker asker) {
        this.groups = groups;
        this.kind = kind;
        this.asker = asker;
        this.group = groups.get(0);
        this.retriesLeft = group.settings().retries();
        this.budget = group.retryBudget();
    }

    /** Counts the request towards the budget of retries. */
    void begin() {
        budget.request();
    }

    /** The group whose turn it is. */
    BackendGroup group() {
        return group;
    }

    /** What the request brings to choices. */
    Asker asker() {
        return asker;
    }

    /** Whether it may take from now on what it would have waited to avoid. */
    boolean losesPatience() {
        boolean was = asker.isImpatient();
        asker.losePatience();
        return !was;
    }

    Choice choose() {
        return group.choose(asker);
    }

    /** The request cannot be told to {@code backend}: somebody else may understand it as it is. */
    void cannotBeTold(Backend backend, GatewayException refusal) {
        asker.tried(backend);
        if (groupIndex == 0 && group.isTriedOut(asker)) {
            inexpressible = refusal;
        }
    }

    /** An attempt failed; returns whether there is to be another one in this group, which is then paid for. */
    boolean retriesAfter(Failure failure, Backend backend) {
        asker.tried(backend);
        lastFailure = failure;
        return switch (failure.kind()) {
            case REFUSED -> true;
            case CONNECT, TLS -> takeRetry();
            case STALE, CLOSED, PROTOCOL -> kind == CallKind.INFERENCE && takeRetry();
            case NOT_FOUND, SERVER_ERROR, UNAVAILABLE, FIRST_BYTE_TIMEOUT, TIMEOUT, CUT, STREAM_ERROR, UNFINISHED ->
                false;
        };
    }

    /** What is to become of an answer that is an error. */
    enum Repeat {
        /** It goes to the client. */
        NO,
        /** It is dropped; another attempt in this group, paid for, takes its place. */
        ELSEWHERE,
        /** It is dropped; the next group takes its place. */
        FALLBACK
    }

    /** Whether somebody else may do better than {@code failure}, which {@code backend} answered; a 500 is tried once more. */
    Repeat repeatsAnswer(Failure failure, Backend backend) {
        if (failure.kind() == Failure.Kind.NOT_FOUND) {
            return repeatsElsewhere(backend);
        }
        boolean serverError = failure.kind() == Failure.Kind.SERVER_ERROR;
        if (kind != CallKind.INFERENCE || (serverError && serverErrorTried)) {
            return Repeat.NO;
        }
        asker.tried(backend);
        boolean again = takeRetry();
        if (!again && !hasFallback()) {
            asker.untry(backend);
            return Repeat.NO;
        }
        serverErrorTried |= serverError;
        lastFailure = failure;
        return again ? Repeat.ELSEWHERE : Repeat.FALLBACK;
    }

    /** A backend that lacks the model costs no retry: whoever may have it is asked, and is waited for. */
    private Repeat repeatsElsewhere(Backend backend) {
        if (kind != CallKind.INFERENCE) {
            return Repeat.NO;
        }
        asker.tried(backend);
        if (!group.mayBeElsewhere(asker)) {
            asker.untry(backend);
            return Repeat.NO;
        }
        lastFailure = null;
        return Repeat.ELSEWHERE;
    }

    /** Takes one of the attempts left and one of the budget, if there is anybody to try. */
    private boolean takeRetry() {
        if (retriesLeft == 0 || group.candidate(asker) == null || !budget.tryRetry()) {
            return false;
        }
        retriesLeft--;
        return true;
    }

    /** The queue was full, or the wait in it too long: that is what the client is told if nobody else can serve. */
    void crowdedOut() {
        lastFailure = null;
    }

    private boolean hasFallback() {
        return groupIndex + 1 < groups.size();
    }

    /** Goes on to the next group; false if there is none. */
    boolean fallBack() {
        if (!hasFallback()) {
            return false;
        }
        BackendGroup next = groups.get(++groupIndex);
        group.events().fellBack(group.name(), next.name());
        group = next;
        asker.forget();
        return true;
    }

    /** What to tell the client when there is nowhere to go. */
    GatewayException refusal() {
        if (lastFailure != null) {
            return lastFailure.answer(group);
        }
        return inexpressible != null ? inexpressible : groups.get(0).refusal();
    }
}
