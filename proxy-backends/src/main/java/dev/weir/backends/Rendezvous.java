package dev.weir.backends;

import dev.weir.backends.LeastConnections.Tier;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Weighted rendezvous hashing with bounded load: each request that shares an affinity goes to the same target while that is
 * fit, has the model loaded if anybody has, and is not much busier than the others. Any thread.
 */
final class Rendezvous {
    /** How much busier than the mean the preferred target may be. */
    private static final double MAX_LOAD = 1.25;

    private Rendezvous() {}

    /** The target that {@code asker}'s affinity prefers; null when it has none, or another one is to be taken. */
    static @Nullable Target preferred(List<Target> targets, Asker asker, int priority) {
        Tier tier = LeastConnections.isAnyFit(targets, asker, Tier.LOADED) ? Tier.LOADED : Tier.HAVING;
        Target best = null;
        double bestScore = 0;
        double bestWeight = 0;
        long inFlight = 0;
        double weights = 0;
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            if (!LeastConnections.isFit(target, asker, tier)) {
                continue;
            }
            double weight = target.effectiveWeight();
            double score = -weight
                    / Math.log(uniform(asker.affinity() ^ target.backend().hash()));
            inFlight += target.backend().inFlight();
            weights += weight;
            if (best == null || score > bestScore) {
                best = target;
                bestScore = score;
                bestWeight = weight;
            }
        }
        if (best == null || !LeastConnections.hasFreeSlot(best, priority)) {
            return null;
        }
        double fairShare = inFlight * bestWeight / weights;
        return best.backend().inFlight() <= MAX_LOAD * fairShare + 1 ? best : null;
    }

    /** A number strictly between 0 and 1 that follows from {@code seed} (the finalizer of SplitMix64). */
    private static double uniform(long seed) {
        long z = mix(seed);
        return ((z >>> 11) + 0.5) * 0x1.0p-53;
    }

    static long mix(long seed) {
        long z = seed + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
