package dev.weir.backends;

import dev.weir.backends.LeastConnections.Tier;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Who of a group's targets gets a request: by affinity if it has one, else the upstream model with the least load for its
 * weight, and of those that offer it the one that {@link ModelHosts} prefers. Targets known not to have their model are
 * passed over while any other has it. Immutable; any thread.
 */
final class Balancer {
    private final List<Target> targets;
    private final List<ModelHosts> offers;
    private final IdentityHashMap<Target, ModelHosts> hostsOf = new IdentityHashMap<>();
    private final Balancing balancing;

    Balancer(List<Target> targets, Balancing balancing) {
        this.targets = List.copyOf(targets);
        this.balancing = balancing;
        Map<String, List<Target>> byModel = new LinkedHashMap<>();
        for (Target target : targets) {
            byModel.computeIfAbsent(ModelCatalog.normalized(target.model()), key -> new ArrayList<>())
                    .add(target);
        }
        boolean loadedFirst = balancing.balance() == Balancing.Balance.WARM;
        this.offers = byModel.values().stream()
                .map(hosts -> new ModelHosts(hosts, loadedFirst, balancing.priority()))
                .toList();
        offers.forEach(hosts -> hosts.targets().forEach(target -> hostsOf.put(target, hosts)));
    }

    /** Takes a slot on the best target whose backend {@code asker} has not tried. */
    Choice choose(Asker asker, int queued) {
        while (true) {
            Target best = best(asker, queued);
            if (best == null) {
                return otherwise(asker);
            }
            Lease lease = best.hosted().isLoaded() ? take(best, asker) : takeCold(asker, queued);
            if (lease != null) {
                return lease;
            }
            // Another event loop took the last slot, or the trial: look again.
        }
    }

    /** Looks again where nobody else does meanwhile: of many that find a model cold, one has it loaded. */
    private @Nullable Lease takeCold(Asker asker, int queued) {
        synchronized (targets) {
            Target best = best(asker, queued);
            return best == null ? null : take(best, asker);
        }
    }

    private @Nullable Lease take(Target target, Asker asker) {
        Reason reason = reason(target, asker);
        return target.backend().acquire(target, reason);
    }

    private Reason reason(Target target, Asker asker) {
        if (targets.size() == 1) {
            return Reason.ONLY;
        }
        if (asker.affinity() != Asker.NO_AFFINITY && target.equals(Rendezvous.preferred(targets, asker, priority()))) {
            return Reason.AFFINITY;
        }
        ModelHosts hosts = hostsOf.get(target);
        if (hosts == null || !hosts.isLoadedFirst()) {
            return Reason.WEIGHT;
        }
        return switch (target.hosted().residency()) {
            case UNKNOWN -> Reason.WEIGHT;
            case COLD -> Reason.COLD;
            case LOADING, LOADED -> Reason.WARM;
        };
    }

    private int priority() {
        return balancing.priority();
    }

    /** The backend on which {@link #choose} would take a free slot now, or null. */
    @Nullable
    Backend candidate(Asker asker, int queued) {
        Target best = best(asker, queued);
        return best == null ? null : best.backend();
    }

    /** Whether any target that {@code asker} has not tried is fit, if perhaps busy. */
    boolean isAnyFit(Asker asker) {
        return LeastConnections.isAnyFit(targets, asker, tier());
    }

    /** Whether anybody whom {@code asker} has not tried may have the model, fit or not. */
    boolean mayBeElsewhere(Asker asker) {
        for (Target target : targets) {
            if (!target.hosted().isAbsent() && !asker.hasTried(target.backend())) {
                return true;
            }
        }
        return false;
    }

    /** Whether requests of this group would take a free slot of {@code backend}. */
    boolean wants(Backend backend) {
        for (int i = 0; i < offers.size(); i++) {
            ModelHosts hosts = offers.get(i);
            for (int j = 0; j < hosts.targets().size(); j++) {
                Target target = hosts.targets().get(j);
                if (target.backend() == backend
                        && target.hosted().hasFreeSlot()
                        && (!hosts.isLoadedFirst() || target.hosted().isLoaded())) {
                    return true;
                }
            }
        }
        return false;
    }

    /** After which wait loading the model elsewhere would have been quicker, in nanoseconds; 0 for never. */
    long patienceNanos(Asker asker) {
        long patience = 0;
        for (int i = 0; i < offers.size(); i++) {
            long of = offers.get(i).patienceNanos(asker);
            patience = patience == 0 || (of > 0 && of < patience) ? of : patience;
        }
        return patience;
    }

    private @Nullable Target best(Asker asker, int queued) {
        if (asker.affinity() != Asker.NO_AFFINITY) {
            Target preferred = Rendezvous.preferred(targets, asker, priority());
            if (preferred != null) {
                return preferred;
            }
        }
        Target best = offers.size() == 1 ? offers.get(0).best(asker, queued) : bestOffer(asker, queued);
        if (best == null && tier() == Tier.ANY) {
            return LeastConnections.best(targets, asker, Tier.ANY, priority());
        }
        return best;
    }

    /** The upstream model with the least load for its weight, ties at random by weight, and its best target. */
    private @Nullable Target bestOffer(Asker asker, int queued) {
        Target best = null;
        long bestWeight = 0;
        long bestInFlight = 0;
        long tiedWeight = 0;
        for (int i = 0; i < offers.size(); i++) {
            Target target = offers.get(i).best(asker, queued);
            if (target == null) {
                continue;
            }
            long weight = offers.get(i).effectiveWeight(asker);
            long inFlight = offers.get(i).inFlight(asker);
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

    /** Those that may have the model, or all when it is known to be nowhere: a backend says so best itself. */
    private Tier tier() {
        for (int i = 0; i < targets.size(); i++) {
            if (!targets.get(i).hosted().isAbsent()) {
                return Tier.HAVING;
            }
        }
        return Tier.ANY;
    }

    /** Nobody fit has a slot: waits for those who are, or tries one who is not if that is all there are. */
    private Choice otherwise(Asker asker) {
        Tier tier = tier();
        if (LeastConnections.isAnyFit(targets, asker, tier)) {
            return Choice.None.BUSY;
        }
        for (Target target : targets) {
            if (!asker.hasTried(target.backend()) && tier.admits(target.hosted())) {
                Lease lease = target.backend().acquireForTrial(target);
                if (lease != null) {
                    return lease;
                }
            }
        }
        return Choice.None.DOWN;
    }
}
