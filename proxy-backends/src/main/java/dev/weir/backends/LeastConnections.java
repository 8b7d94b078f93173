package dev.weir.backends;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Weighted least connections: the target with the smallest {@code inFlight / weight}; ties at random by weight, so that
 * weights hold for light loads too. Any thread.
 */
final class LeastConnections {
    private LeastConnections() {}

    /** Takes a slot on the best of {@code targets} whose backend is not among {@code tried}. */
    static Choice choose(List<Target> targets, List<Backend> tried) {
        while (true) {
            Target best = best(targets, tried);
            if (best == null) {
                return otherwise(targets, tried);
            }
            Lease lease = best.backend().acquire(best);
            if (lease != null) {
                return lease;
            }
            // Another event loop took the last slot, or the trial: look again.
        }
    }

    /** The backend on which {@link #choose} would take a free slot now, or null. */
    static @Nullable Backend candidate(List<Target> targets, List<Backend> tried) {
        Target best = best(targets, tried);
        return best == null ? null : best.backend();
    }

    /** Whether any backend not {@code tried} is fit, if perhaps busy. */
    static boolean isAnyFit(List<Target> targets, List<Backend> tried) {
        for (int i = 0; i < targets.size(); i++) {
            Backend backend = targets.get(i).backend();
            if (backend.isEligible() && !tried.contains(backend)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable Target best(List<Target> targets, List<Backend> tried) {
        Target best = null;
        long bestWeight = 0;
        long bestInFlight = 0;
        long tiedWeight = 0;
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            Backend backend = target.backend();
            if (!backend.isEligible() || !backend.hasFreeSlot() || tried.contains(backend)) {
                continue;
            }
            long weight = target.effectiveWeight();
            long inFlight = backend.inFlight();
            long order = best == null ? -1 : Long.compare(inFlight * bestWeight, bestInFlight * weight);
            tiedWeight = order == 0 ? tiedWeight + weight : order < 0 ? weight : tiedWeight;
            if (order < 0 || (order == 0 && ThreadLocalRandom.current().nextLong(tiedWeight) < weight)) {
                best = target;
                bestWeight = weight;
                bestInFlight = inFlight;
            }
        }
        return best;
    }

    /** Nobody fit has a slot: waits for those who are, or tries one who is not if that is all there are. */
    private static Choice otherwise(List<Target> targets, List<Backend> tried) {
        if (isAnyFit(targets, tried)) {
            return Choice.None.BUSY;
        }
        for (Target target : targets) {
            if (!tried.contains(target.backend())) {
                Lease lease = target.backend().acquireForTrial(target);
                if (lease != null) {
                    return lease;
                }
            }
        }
        return Choice.None.DOWN;
    }
}
