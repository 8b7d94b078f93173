package dev.weir.backends;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * An Ollama's scheduler without sockets, under a clock that a simulation turns: so many models loaded at once, so many
 * requests of one side by side; the least recently used idle model makes room; who has to wait for room holds back those
 * behind. One thread.
 */
final class SimulatedHost {
    private final long loadNanos;
    private final int maxLoaded;
    private final int parallel;
    private final Map<String, Loaded> loaded = new LinkedHashMap<>();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private int loads;

    private static final class Loaded {
        private long readyNanos;
        private int running;
    }

    /** Told when the model is loaded and the request runs. */
    interface Ready {
        void at(long nanos);
    }

    private record Waiting(String model, Ready ready) {}

    SimulatedHost(long loadNanos, int maxLoaded, int parallel) {
        this.loadNanos = loadNanos;
        this.maxLoaded = maxLoaded;
        this.parallel = parallel;
    }

    Set<String> loaded() {
        return Set.copyOf(loaded.keySet());
    }

    /** How often a model was loaded. */
    int loads() {
        return loads;
    }

    void begin(String model, long now, Ready ready) {
        waiting.add(new Waiting(model, ready));
        admit(now);
    }

    void end(String model, long now) {
        Loaded entry = loaded.get(model);
        if (entry != null) {
            entry.running--;
        }
        admit(now);
    }

    private void admit(long now) {
        Iterator<Waiting> queue = waiting.iterator();
        while (queue.hasNext()) {
            Waiting next = queue.next();
            Loaded entry = loaded.get(next.model());
            if (entry == null) {
                if (!makeRoom()) {
                    return;
                }
                entry = new Loaded();
                entry.readyNanos = now + loadNanos;
                loads++;
            } else if (entry.running >= parallel) {
                continue;
            }
            queue.remove();
            loaded.remove(next.model());
            loaded.put(next.model(), entry);
            entry.running++;
            next.ready().at(Math.max(now, entry.readyNanos));
        }
    }

    private boolean makeRoom() {
        if (loaded.size() < maxLoaded) {
            return true;
        }
        Iterator<Loaded> leastRecent = loaded.values().iterator();
        while (leastRecent.hasNext()) {
            if (leastRecent.next().running == 0) {
                leastRecent.remove();
                return true;
            }
        }
        return false;
    }
}
