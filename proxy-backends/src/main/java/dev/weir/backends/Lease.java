package dev.weir.backends;

/**
 * A slot on a backend, held by one attempt and given back exactly once, with what the attempt says about the backend.
 * Confined to the event loop that acquired it.
 */
final class Lease implements Choice {
    /** What an attempt says about the backend it ran on. */
    enum Verdict {
        /** It answered. */
        WORKS,
        /** It failed through its own fault: connect, reset, timeout, broken framing, 502 to 504. */
        FAILED,
        /** Nothing: the client left, or the request was at fault. */
        NOTHING
    }

    private final Target target;
    private final Reason reason;
    private final long sinceNanos;
    private final boolean mayLoad;
    private final boolean loads;
    private boolean trial;
    private boolean loading;
    private boolean released;

    /**
     * @param reason why this target was chosen
     * @param loading whether the request has the model loaded
     * @param sinceNanos when the slot was taken, by the backend's clock
     */
    Lease(Target target, Reason reason, boolean loading, long sinceNanos) {
        this.target = target;
        this.reason = reason;
        this.trial = reason == Reason.TRIAL;
        this.loads = loading;
        this.loading = loading;
        this.mayLoad = loading || target.hosted().residency() == HostedModel.Residency.UNKNOWN;
        this.sinceNanos = sinceNanos;
    }

    /** Why this target was chosen. */
    Reason reason() {
        return reason;
    }

    /** Whether the backend has to load the model for this request. */
    boolean isLoading() {
        return loading;
    }

    /** Whether the backend has to load the model for this request, as far as anybody knows. */
    boolean mayLoad() {
        return mayLoad;
    }

    /** The answer has said how long loading took, in nanoseconds; 0 for no word of it. */
    void loaded(long nanos) {
        target.hosted().loadTold(nanos, loads);
    }

    Target target() {
        return target;
    }

    Backend backend() {
        return target.backend();
    }

    /**
     * An answer of the model has begun, so it is loaded.
     *
     * @param streamed whether the answer begins when its first token does
     */
    void ran(boolean streamed) {
        target.hosted().answered(backend().now(), sinceNanos, loading, streamed);
        if (loading) {
            loading = false;
            // Another model may have had to go.
            backend().refresh();
        }
    }

    /** The answer has begun: a trial need not last as long as the answer does. */
    void answered() {
        if (trial) {
            trial = false;
            backend().works();
        }
    }

    /** Gives the slot back without having used it. */
    void unused() {
        if (!released) {
            released = true;
            if (trial) {
                backend().availability().trialUndecided();
            }
            // As one that was to load the model and did not: it says nothing about how long requests take.
            target.hosted().end(backend().now(), sinceNanos, true);
            backend().released();
        }
    }

    /**
     * Gives the slot back; later calls do nothing.
     *
     * @return whether this ejected the backend
     */
    boolean release(Verdict verdict) {
        if (released) {
            return false;
        }
        released = true;
        Backend backend = backend();
        boolean ejected = false;
        switch (verdict) {
            case WORKS -> backend.works();
            case FAILED -> ejected = backend.fails(trial);
            case NOTHING -> {
                if (trial) {
                    backend.availability().trialUndecided();
                }
            }
        }
        target.hosted().end(backend.now(), sinceNanos, loading);
        backend.released();
        return ejected;
    }
}
