package dev.weir.backends;

import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the models on one backend, and what its memory holds: how many fit is learned from one that goes when
 * another comes. Which one goes is foretold as the least recently used that is idle, until the backend lists what it has
 * loaded. Any thread.
 */
final class ModelMemory {
    private final Map<String, WeakReference<HostedModel>> hosted = new HashMap<>();
    private Set<String> loaded = Set.of();
    private int fits = Integer.MAX_VALUE;

    /** What is known of the model of that normalized name; made by {@code maker} while nobody holds it. */
    synchronized HostedModel hosted(String name, Function<String, HostedModel> maker) {
        WeakReference<HostedModel> reference = hosted.get(name);
        HostedModel known = reference == null ? null : reference.get();
        if (known == null) {
            known = maker.apply(name);
            hosted.put(name, new WeakReference<>(known));
        }
        return known;
    }

    /** The models that targets serve here, by their normalized names. */
    synchronized Map<String, HostedModel> hosted() {
        hosted.values().removeIf(reference -> reference.get() == null);
        Map<String, HostedModel> held = new TreeMap<>();
        hosted.forEach((name, reference) -> {
            HostedModel model = reference.get();
            if (model != null) {
                held.put(name, model);
            }
        });
        return held;
    }

    /**
     * The backend lists what it has loaded.
     *
     * @param contextLengths by normalized names
     * @param askedNanos when it was asked
     */
    synchronized void listed(Map<String, Integer> contextLengths, long askedNanos) {
        Set<String> now = contextLengths.keySet();
        Set<String> came = new HashSet<>(now);
        came.removeAll(loaded);
        Set<String> went = new HashSet<>(loaded);
        went.removeAll(now);
        if (now.size() > fits || (!came.isEmpty() && !went.isEmpty())) {
            fits = now.size();
        }
        loaded = Set.copyOf(now);
        hosted().forEach((name, model) -> {
            Integer contextLength = contextLengths.get(name);
            model.resident(contextLength != null, contextLength == null ? 0 : contextLength, askedNanos);
        });
    }

    /**
     * What it takes to load one more model.
     *
     * @param isThere whether it can be loaded at once
     * @param victim the model that would have to go for it, or null for none
     */
    record Room(boolean isThere, @Nullable HostedModel victim) {
        static final Room FREE = new Room(true, null);

        /** Somebody has to finish before anything can be loaded. */
        static final Room NONE = new Room(false, null);
    }

    /** What it takes to load one more model now. */
    synchronized Room room() {
        if (fits == Integer.MAX_VALUE || residents() < fits) {
            return Room.FREE;
        }
        HostedModel victim = leastRecentIdle();
        return victim == null ? Room.NONE : new Room(true, victim);
    }

    /** A request is about to have a model loaded, which counts as resident already: who goes for it counts no more. */
    synchronized void loads(long now) {
        if (fits != Integer.MAX_VALUE && residents() > fits) {
            HostedModel victim = leastRecentIdle();
            if (victim != null) {
                victim.evicted(now);
            }
        }
    }

    private int residents() {
        int residents = 0;
        for (WeakReference<HostedModel> reference : hosted.values()) {
            HostedModel model = reference.get();
            residents += model != null && model.isResident() ? 1 : 0;
        }
        return residents;
    }

    private @Nullable HostedModel leastRecentIdle() {
        HostedModel least = null;
        for (WeakReference<HostedModel> reference : hosted.values()) {
            HostedModel model = reference.get();
            if (model != null
                    && model.isIdle()
                    && (least == null || model.lastUsedNanos() - least.lastUsedNanos() < 0)) {
                least = model;
            }
        }
        return least;
    }
}
