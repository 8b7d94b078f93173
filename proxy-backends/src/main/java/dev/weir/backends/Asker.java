package dev.weir.backends;

import java.util.ArrayList;
import java.util.List;

/**
 * What one request brings to a choice: whose it is, what it belongs to, where it was tried, how patient it still is.
 * Confined to the event loop of its exchange, but for the reads of {@link WaitQueue}, during which nothing changes.
 */
final class Asker {
    /** The affinity of a request that has none. */
    static final long NO_AFFINITY = 0;

    private final String identity;
    private final long affinity;
    private final List<Backend> tried = new ArrayList<>(2);
    private boolean impatient;

    /**
     * @param identity who sends it, for fairness
     * @param affinity equal for requests that should meet on one target, or {@link #NO_AFFINITY}
     */
    Asker(String identity, long affinity) {
        this.identity = identity;
        this.affinity = affinity;
    }

    String identity() {
        return identity;
    }

    long affinity() {
        return affinity;
    }

    /** Backends of the group whose turn it is that were tried. */
    boolean hasTried(Backend backend) {
        return !tried.isEmpty() && tried.contains(backend);
    }

    Asker tried(Backend backend) {
        tried.add(backend);
        return this;
    }

    void untry(Backend backend) {
        tried.remove(backend);
    }

    /** Begins anew in another group. */
    void forget() {
        tried.clear();
        impatient = false;
    }

    /** Whether it has waited for loaded targets as long as loading would take. */
    boolean isImpatient() {
        return impatient;
    }

    void losePatience() {
        impatient = true;
    }
}
