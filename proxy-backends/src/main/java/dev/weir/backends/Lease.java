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
    private boolean trial;
    private boolean released;

    Lease(Target target, boolean trial) {
        this.target = target;
        this.trial = trial;
    }

    Target target() {
        return target;
    }

    Backend backend() {
        return target.backend();
    }

    /** The answer has begun: a trial need not last as long as the answer does. */
    void answered() {
        if (trial) {
            trial = false;
            backend().works();
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
        backend.released();
        return ejected;
    }
}
