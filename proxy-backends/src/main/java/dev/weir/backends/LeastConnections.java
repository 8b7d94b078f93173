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

    /** Which targets may be taken. */
    enum Tier {
        /** Those that have the model loaded, or are loading it. */
        LOADED,
        /** Those that have the model, but not loaded. */
        COLD,
        /** Those that have the model, as far as is known. */
        HAVING,
        /** All. */
        ANY;

        boolean admits(HostedModel model) {
            return switch (this) {
                case LOADED -> !model.isAbsent() && model.isLoaded();
                case COLD -> !model.isAbsent() && !model.isLoaded();
                case HAVING -> !model.isAbsent();
                case ANY -> true;
            };
        }
    }

    /** The least loaded of {@code targets} in {@code tier} that is fit and has a free slot, or null. */
    static @Nullable Target best(List<Target> targets, Asker asker, Tier tier, int priority) {
        Target best = null;
        long bestWeight = 0;
        long bestInFlight = 0;
        long tiedWeight = 0;
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            if (!isFit(target, asker, tier) || !hasFreeSlot(target, priority)) {
                continue;
            }
            long weight = target.effectiveWeight();
            long inFlight = target.backend().inFlight();
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

    /** Whether any of {@code targets} in {@code tier} is fit, if perhaps busy. */
    static boolean isAnyFit(List<Target> targets, Asker asker, Tier tier) {
        for (int i = 0; i < targets.size(); i++) {
            if (isFit(targets.get(i), asker, tier)) {
                return true;
            }
        }
        return false;
    }

    static boolean isFit(Target target, Asker asker, Tier tier) {
        return target.backend().isEligible() && !asker.hasTried(target.backend()) && tier.admits(target.hosted());
    }

    static boolean hasFreeSlot(Target target, int priority) {
        Backend backend = target.backend();
        return backend.hasFreeSlot() && target.hosted().hasFreeSlot() && !backend.isClaimed(priority);
    }
}
