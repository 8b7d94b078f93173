package dev.weir.backends;

import dev.weir.backends.LeastConnections.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The targets of a group that offer one upstream model. Those that have it loaded go first; one that would have to load it
 * is taken only when the wait for the others is expected to be longer than that, and of several the one where the model that
 * has to go is missed least. Any thread.
 */
final class ModelHosts {
    /** What loading is taken to cost before it was ever measured. */
    static final long ASSUMED_LOAD_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** A model that is asked for again after longer than this might have had to go anyway. */
    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final List<Target> targets;
    private final boolean loadedFirst;
    private final int priority;

    ModelHosts(List<Target> targets, boolean loadedFirst, int priority) {
        this.targets = List.copyOf(targets);
        this.loadedFirst = loadedFirst && targets.size() > 1;
        this.priority = priority;
    }

    List<Target> targets() {
        return targets;
    }

    /** Whether it matters here who has the model loaded. */
    boolean isLoadedFirst() {
        return loadedFirst;
    }

    /**
     * The target to take now, or null to wait or to look elsewhere.
     *
     * @param queued how many wait already
     */
    @Nullable
    Target best(Asker asker, int queued) {
        if (!loadedFirst) {
            return LeastConnections.best(targets, asker, Tier.HAVING, priority);
        }
        Target loaded = LeastConnections.best(targets, asker, Tier.LOADED, priority);
        if (loaded != null && loaded.hosted().expectedWaitNanos() == 0) {
            return loaded;
        }
        Target cold = cheapestToLoad(asker);
        if (asker.isImpatient()) {
            Target any = cold == null ? LeastConnections.best(targets, asker, Tier.COLD, priority) : cold;
            return any == null ? loaded : any;
        }
        if (cold == null) {
            return loaded;
        }
        long wait = loaded != null ? loaded.hosted().expectedWaitNanos() : expectedWaitNanos(asker, queued);
        double missed = missed(cold.backend().memory().room(), cold.backend());
        return wait > loadNanos(cold) * (1 + Math.min(1, missed)) ? cold : loaded;
    }

    /**
     * Of those that would have to load the model and can do so at once, the one where that costs others least; null if there is
     * none. A host whose memory is full of models at work would have the request wait, and everything behind it.
     */
    private @Nullable Target cheapestToLoad(Asker asker) {
        List<Target> cheapest = new ArrayList<>(targets.size());
        double least = Double.MAX_VALUE;
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            ModelMemory.Room room = target.backend().memory().room();
            if (room.isThere()
                    && LeastConnections.isFit(target, asker, Tier.COLD)
                    && LeastConnections.hasFreeSlot(target, priority)) {
                double missed = missed(room, target.backend());
                if (missed < least) {
                    cheapest.clear();
                    least = missed;
                }
                if (missed == least) {
                    cheapest.add(target);
                }
            }
        }
        return LeastConnections.best(cheapest, asker, Tier.COLD, priority);
    }

    /** How many requests for the model that has to go are to be expected soon. */
    private static double missed(ModelMemory.Room room, Backend backend) {
        HostedModel victim = room.victim();
        return victim == null ? 0 : victim.expectedWithin(SOON_NANOS, backend.now());
    }

    /** How long those that have the model loaded are busy with what they have and what waits; for ever if there are none. */
    private long expectedWaitNanos(Asker asker, int queued) {
        int fit = 0;
        long requests = queued;
        long parallel = 0;
        long serviceNanos = 0;
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            if (LeastConnections.isFit(target, asker, Tier.LOADED)) {
                fit++;
                requests += target.hosted().inFlight();
                parallel += target.hosted().parallel();
                serviceNanos += target.hosted().serviceNanos();
            }
        }
        return fit == 0 ? Long.MAX_VALUE : requests / parallel * (serviceNanos / fit);
    }

    /** What loading costs on {@code cold}: as measured there, else elsewhere, else assumed. */
    private long loadNanos(Target cold) {
        long measured = cold.hosted().loadNanos();
        for (int i = 0; measured == 0 && i < targets.size(); i++) {
            measured = targets.get(i).hosted().loadNanos();
        }
        return measured == 0 ? ASSUMED_LOAD_NANOS : measured;
    }

    /**
     * After which wait it would have been quicker to load the model elsewhere, in nanoseconds; 0 if there is nowhere
     * else.
     */
    long patienceNanos(Asker asker) {
        for (int i = 0; loadedFirst && i < targets.size(); i++) {
            if (LeastConnections.isFit(targets.get(i), asker, Tier.COLD)) {
                long load = loadNanos(targets.get(i));
                // Where nobody has it loaded only room for it is waited for.
                return LeastConnections.isAnyFit(targets, asker, Tier.LOADED)
                        ? load
                        : Math.min(load, ASSUMED_LOAD_NANOS);
            }
        }
        return 0;
    }

    /** Requests in flight on the fit backends of these targets. */
    long inFlight(Asker asker) {
        long inFlight = 0;
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            inFlight += LeastConnections.isFit(target, asker, Tier.HAVING)
                    ? target.backend().inFlight()
                    : 0;
        }
        return inFlight;
    }

    /** The weight of the fit backends of these targets together. */
    long effectiveWeight(Asker asker) {
        long weight = 0;
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get(i);
            weight += LeastConnections.isFit(target, asker, Tier.HAVING) ? target.effectiveWeight() : 0;
        }
        return weight;
    }
}
