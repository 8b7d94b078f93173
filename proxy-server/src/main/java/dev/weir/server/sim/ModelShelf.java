package dev.weir.server.sim;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which models exist, which are loaded, and who may run: Ollama's scheduler in small. A model runs a bounded number of
 * requests at once, the rest wait in order; one that needs loading waits until an idle model can make room, and holds
 * back those behind it. *Any thread*; guarded by this.
 */
final class ModelShelf {
    /** A loaded model as {@code /api/ps} tells it. */
    record LoadedModel(SimModel model, int contextLength, Instant expiresAt) {}

    /** Ollama writes "never" as a moment centuries ahead. */
    private static final Instant NEVER = Instant.parse("2318-04-29T12:00:00Z");

    private static final class Loaded {
        final SimModel model;
        final int contextLength;
        final long readyAtNanos;
        int running;
        long expiresAtNanos;
        boolean forEver;

        Loaded(SimModel model, int contextLength, long readyAtNanos) {
            this.model = model;
            this.contextLength = contextLength;
            this.readyAtNanos = readyAtNanos;
        }
    }

    private final SimOptions options;
    private final LongSupplier clock;
    private final Map<String, SimModel> models = new LinkedHashMap<>();
    /** Least recently used first. */
    private final Map<String, Loaded> loaded = new LinkedHashMap<>();

    private final ArrayDeque<Slot> waiting = new ArrayDeque<>();

    ModelShelf(SimOptions options, LongSupplier clock) {
        this.options = options;
        this.clock = clock;
        List<String> names = options.models().isEmpty() ? SimModel.DEFAULT_NAMES : options.models();
        names.forEach(this::add);
    }

    synchronized @Nullable SimModel find(String name) {
        return models.get(ModelName.normalize(name));
    }

    synchronized List<SimModel> models() {
        return List.copyOf(models.values());
    }

    synchronized void add(String name) {
        models.computeIfAbsent(ModelName.normalize(name), SimModel::named);
    }

    /** Makes the model known under a second name. */
    synchronized void copy(SimModel source, String name) {
        SimModel copy = source.renamed(name);
        models.put(copy.name(), copy);
    }

    synchronized void delete(SimModel model) {
        models.remove(model.name());
        Loaded entry = loaded.get(model.name());
        if (entry != null && entry.running == 0) {
            loaded.remove(model.name());
        }
    }

    synchronized List<LoadedModel> loadedModels() {
        unloadExpired();
        long now = clock.getAsLong();
        List<LoadedModel> list = new ArrayList<>();
        for (Loaded entry : loaded.values()) {
            Instant expiry = entry.forEver ? NEVER : Instant.now().plusNanos(Math.max(0, entry.expiresAtNanos - now));
            list.add(new LoadedModel(entry.model, entry.contextLength, expiry));
        }
        return List.copyOf(list);
    }

    /** Whether the model was loaded; a running one stays until its requests have ended. */
    synchronized boolean unload(SimModel model) {
        Loaded entry = loaded.get(model.name());
        if (entry == null) {
            return false;
        }
        entry.forEver = false;
        entry.expiresAtNanos = clock.getAsLong();
        unloadExpired();
        admit();
        return true;
    }

    /**
     * Asks to run a model.
     *
     * @param granted called once, under this shelf's lock, when the request may run; it must only hand over
     * @throws SimError with status 503 when too many wait already
     */
    synchronized Slot acquire(SimModel model, Slot.Wish wish, Consumer<Slot> granted) {
        Slot slot = new Slot(model, wish, granted);
        waiting.add(slot);
        admit();
        if (waiting.size() > options.maxQueue()) {
            slot.state = Slot.State.RELEASED;
            waiting.removeLastOccurrence(slot);
            throw new SimError(503, "server busy, please try again.  maximum pending requests exceeded");
        }
        return slot;
    }

    /** Ends a use, whether it ran or still waits; a second call does nothing. */
    synchronized void release(Slot slot) {
        Slot.State before = slot.state;
        slot.state = Slot.State.RELEASED;
        if (before == Slot.State.WAITING) {
            waiting.remove(slot);
        } else if (before == Slot.State.RUNNING) {
            Loaded entry = loaded.get(slot.model.name());
            if (entry != null) {
                entry.running--;
                keep(entry, slot.wish.keepAliveNanos());
            }
        }
        if (before != Slot.State.RELEASED && !waiting.isEmpty()) {
            admit();
        }
    }

    private void admit() {
        unloadExpired();
        Iterator<Slot> queue = waiting.iterator();
        while (queue.hasNext()) {
            Slot slot = queue.next();
            Loaded entry = loaded.get(slot.model.name());
            if (entry == null || needsReload(entry, slot.wish)) {
                if ((entry != null && entry.running > 0) || !roomBeside(entry)) {
                    return;
                }
                entry = load(slot);
            } else if (options.parallel() > 0 && entry.running >= options.parallel()) {
                continue;
            }
            queue.remove();
            start(slot, entry);
        }
    }

    /** Another context length needs another runner (Ollama, {@code server/sched.go}). */
    private static boolean needsReload(Loaded entry, Slot.Wish wish) {
        return wish.contextLength() > 0 && wish.contextLength() != entry.contextLength;
    }

    private boolean roomBeside(@Nullable Loaded replaced) {
        if (options.maxLoaded() == 0 || replaced != null || loaded.size() < options.maxLoaded()) {
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

    private Loaded load(Slot slot) {
        int contextLength =
                slot.wish.contextLength() > 0 ? slot.wish.contextLength() : Slot.Wish.DEFAULT_CONTEXT_LENGTH;
        Loaded entry = new Loaded(
                slot.model,
                contextLength,
                clock.getAsLong() + options.loadTime().toNanos());
        loaded.put(slot.model.name(), entry);
        return entry;
    }

    private void start(Slot slot, Loaded entry) {
        loaded.remove(slot.model.name());
        loaded.put(slot.model.name(), entry);
        entry.running++;
        keep(entry, slot.wish.keepAliveNanos());
        slot.state = Slot.State.RUNNING;
        slot.readyAtNanos = entry.readyAtNanos;
        slot.granted.accept(slot);
    }

    private void keep(Loaded entry, long keepAliveNanos) {
        entry.forEver = keepAliveNanos < 0;
        entry.expiresAtNanos = clock.getAsLong() + Math.max(0, keepAliveNanos);
    }

    private void unloadExpired() {
        long now = clock.getAsLong();
        loaded.values().removeIf(entry -> entry.running == 0 && !entry.forEver && now - entry.expiresAtNanos >= 0);
    }
}
