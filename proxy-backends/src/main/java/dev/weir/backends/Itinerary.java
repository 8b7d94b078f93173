package dev.weir.backends;

import dev.weir.core.GatewayException;
import java.util.ArrayList;
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
    private final List<Backend> tried = new ArrayList<>(2);
    private BackendGroup group;
    private int groupIndex;
    private int retriesLeft;
    private boolean serverErrorTried;
    private @Nullable Failure lastFailure;

    /**
     * @param groups who may answer, in order: the one asked for, then its fallbacks
     */
    Itinerary(List<BackendGroup> groups, CallKind kind) {
        this.groups = groups;
        this.kind = kind;
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

    /** Backends of this group that were tried; not to be changed. */
    List<Backend> tried() {
        return tried;
    }

    Choice choose() {
        return group.choose(tried);
    }

    /** An attempt failed; returns whether there is to be another one in this group, which is then paid for. */
    boolean retriesAfter(Failure failure, Backend backend) {
        tried.add(backend);
        lastFailure = failure;
        return switch (failure.kind()) {
            case REFUSED -> true;
            case CONNECT, TLS -> takeRetry();
            case STALE, CLOSED, PROTOCOL -> kind == CallKind.INFERENCE && takeRetry();
            case SERVER_ERROR, UNAVAILABLE, FIRST_BYTE_TIMEOUT, TIMEOUT, CUT, STREAM_ERROR, UNFINISHED -> false;
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
        boolean serverError = failure.kind() == Failure.Kind.SERVER_ERROR;
        if (kind != CallKind.INFERENCE || (serverError && serverErrorTried)) {
            return Repeat.NO;
        }
        tried.add(backend);
        boolean again = takeRetry();
        if (!again && !hasFallback()) {
            tried.remove(tried.size() - 1);
            return Repeat.NO;
        }
        serverErrorTried |= serverError;
        lastFailure = failure;
        return again ? Repeat.ELSEWHERE : Repeat.FALLBACK;
    }

    /** Takes one of the attempts left and one of the budget, if there is anybody to try. */
    private boolean takeRetry() {
        if (retriesLeft == 0 || group.candidate(tried) == null || !budget.tryRetry()) {
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
        tried.clear();
        return true;
    }

    /** What to tell the client when there is nowhere to go. */
    GatewayException refusal() {
        return lastFailure == null ? groups.get(0).refusal() : lastFailure.answer(group);
    }
}
