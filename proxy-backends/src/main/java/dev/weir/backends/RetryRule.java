package dev.weir.backends;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether one exchange's failed attempt may be repeated. A request for a model is repeated on another target while nothing
 * has reached the client: after a failed connection, a close or reset before the head, 502, 503, 504, and once after a 500.
 * A relayed request is repeated only when nothing was sent. Attempts and a budget bound it; a refused connection costs
 * neither. Runs on the event loop.
 */
final class RetryRule {
    private final CallKind kind;
    private final RetryBudget budget;
    private final List<Backend> tried = new ArrayList<>(2);
    private int retriesLeft;
    private boolean serverErrorTried;

    /**
     * @param group the group that was asked; its settings hold for its fallbacks too
     */
    RetryRule(CallKind kind, BackendGroup group) {
        this.kind = kind;
        this.budget = group.retryBudget();
        this.retriesLeft = group.settings().retries();
    }

    /** The exchange begins. */
    void request() {
        budget.request();
    }

    /** The backends that have failed this exchange and are not asked again. */
    List<Backend> tried() {
        return tried;
    }

    /** A fallback takes over, for which backends count anew. */
    void fellBack() {
        tried.clear();
    }

    /** Whether an answer with this status shall not reach the client, for somebody else may do better. */
    boolean mayRepeat(int status, Backend from, BackendGroup group, boolean fallbackLeft) {
        boolean repeatable = status == 500 ? !serverErrorTried : status >= 502 && status <= 504;
        if (kind != CallKind.INFERENCE || !repeatable) {
            return false;
        }
        tried.add(from);
        boolean elsewhere = retriesLeft > 0 && group.hasCandidate(tried) && budget.hasRetry();
        tried.remove(from);
        return elsewhere || (status != 500 && fallbackLeft);
    }

    /** Notes a failed attempt; whether another target of {@code group} may be asked now. */
    boolean mayRetry(Failure failure, Backend from, BackendGroup group) {
        tried.add(from);
        serverErrorTried |= failure.kind() == Failure.Kind.SERVER_ERROR;
        return switch (failure.kind()) {
            case REFUSED -> true;
            case CONNECT -> takeRetry(group);
            case STALE, CLOSED, PROTOCOL, SERVER_ERROR, UNAVAILABLE -> kind == CallKind.INFERENCE && takeRetry(group);
            case FIRST_BYTE_TIMEOUT, TIMEOUT, CUT -> false;
        };
    }

    private boolean takeRetry(BackendGroup group) {
        if (retriesLeft == 0 || !group.hasCandidate(tried) || !budget.tryRetry()) {
            return false;
        }
        retriesLeft--;
        return true;
    }
}
