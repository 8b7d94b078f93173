package dev.weir.backends;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A model on one backend: whether it is there and loaded, what it is doing, and how long loading and serving it takes.
 * What the backend says and what Weir sees of its answers meet here, so that choosing reads fields only. Any thread.
 */
public final class HostedModel {
    /** Whether the backend has the model. */
    public enum Presence {
        /** Nobody has said yet, which counts as having it. */
        UNKNOWN,
        YES,
        NO
    }

    /** Whether the model is in the backend's memory. */
    public enum Residency {
        /** The backend does not tell, or has not yet: nothing speaks against it. */
        UNKNOWN,
        COLD,
        /** A request that has to load it is on its way. */
        LOADING,
        LOADED
    }

    /** How much a new measurement counts: one part in so many. */
    private static final int NEW_SHARE = 4;

    /** A loaded model tells a load duration too, of some milliseconds. */
    private static final long LEAST_LOAD_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final String name;
    private final int slots;
    private final int assumedParallel;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicLong serviceNanos = new AtomicLong();
    private final AtomicLong loadNanos = new AtomicLong();
    private final AtomicLong firstByteNanos = new AtomicLong();

    /** How long answers take that come in one piece, the model being loaded. */
    private final AtomicLong wholeNanos = new AtomicLong();

    /** How long one took that had it loaded, while nobody knows how long they take otherwise. */
    private final AtomicLong coldWholeNanos = new AtomicLong();

    /** When it last made progress: a slot was given back, or it was loaded. */
    private final AtomicLong progressNanos = new AtomicLong();

    private final Demand demand = new Demand();
    private volatile Residency residency;
    private volatile Presence presence = Presence.UNKNOWN;
    private volatile long answeredNanos;
    private volatile long evictedNanos;
    private volatile boolean evicted;
    private volatile int contextLength;
    private volatile boolean answered;
    private volatile boolean preloading;

    /**
     * @param name the backend's own name of it
     * @param parallel how many requests the backend runs at once of one model; 0 for unknown
     * @param loads whether the backend loads and unloads models, so that it may be cold
     */
    HostedModel(String name, int parallel, boolean loads) {
        this.name = name;
        this.slots = parallel > 0 ? parallel : Integer.MAX_VALUE;
        this.assumedParallel = parallel > 0 ? parallel : 1;
        this.residency = loads ? Residency.UNKNOWN : Residency.LOADED;
    }

    /** The backend's own name of it. */
    public String name() {
        return name;
    }

    public Presence presence() {
        return presence;
    }

    public Residency residency() {
        return residency;
    }

    /** The context length it is loaded with, or 0 when that is not known. */
    public int contextLength() {
        return contextLength;
    }

    /** Requests for it in flight on the backend. */
    public int inFlight() {
        return inFlight.get();
    }

    /** How long loading took lately, in milliseconds; 0 while never measured. */
    public long loadMillis() {
        return TimeUnit.NANOSECONDS.toMillis(loadNanos.get());
    }

    /** How long a slot was taken by a request lately, in milliseconds; 0 while never measured. */
    public long serviceMillis() {
        return TimeUnit.NANOSECONDS.toMillis(serviceNanos.get());
    }

    /** From a request sent to the head of its answer lately, the model being loaded, in milliseconds; 0 while never measured. */
    public long firstByteMillis() {
        return TimeUnit.NANOSECONDS.toMillis(firstByteNanos.get());
    }

    boolean isAbsent() {
        return presence == Presence.NO;
    }

    /** Whether a request need not load it, or need not be the first to. */
    boolean isLoaded() {
        return residency != Residency.COLD;
    }

    boolean hasFreeSlot() {
        return inFlight.get() < slots;
    }

    /** How many requests it runs at once, as far as that is known. */
    int parallel() {
        return assumedParallel;
    }

    long serviceNanos() {
        return serviceNanos.get();
    }

    long loadNanos() {
        return loadNanos.get();
    }

    /** How long the next request waits behind those in flight. */
    long expectedWaitNanos() {
        return inFlight.get() / assumedParallel * serviceNanos.get();
    }

    /** Takes a slot; false if all are taken. */
    boolean begin(long now) {
        int busy;
        do {
            busy = inFlight.get();
            if (busy >= slots) {
                return false;
            }
        } while (!inFlight.compareAndSet(busy, busy + 1));
        if (busy == 0) {
            progressNanos.lazySet(now);
        }
        demand.add(now);
        return true;
    }

    /** How many requests for it are to be expected here in {@code nanos}. */
    double expectedWithin(long nanos, long now) {
        return demand.expectedWithin(nanos, now);
    }

    long lastUsedNanos() {
        return demand.lastNanos();
    }

    /** Whether it takes up memory, as far as is known. */
    boolean isResident() {
        return residency == Residency.LOADED || residency == Residency.LOADING;
    }

    /** Whether it is loaded, and for nobody. */
    boolean isIdle() {
        return residency == Residency.LOADED && inFlight.get() == 0;
    }

    /** It has to make room for another one, and will have done so when the backend is asked the next time. */
    void evicted(long now) {
        evictedNanos = now;
        evicted = becomes(Residency.LOADED, Residency.COLD) || evicted;
    }

    /** Whether a request that begins now is the one that has the backend load it. */
    boolean beginLoading() {
        return residency == Residency.COLD && becomes(Residency.COLD, Residency.LOADING);
    }

    /**
     * An answer begins, so it is loaded.
     *
     * @param sinceNanos when the request began
     * @param loading whether it was the request that had it loaded
     * @param streamed whether the answer begins when its first token does
     */
    void answered(long now, long sinceNanos, boolean loading, boolean streamed) {
        answeredNanos = now;
        answered = true;
        presence = Presence.YES;
        if (residency != Residency.LOADED) {
            residency = Residency.LOADED;
            progressNanos.lazySet(now);
        }
        long took = now - sinceNanos;
        if (!loading) {
            average(streamed ? firstByteNanos : wholeNanos, took);
            long cold = streamed ? 0 : coldWholeNanos.getAndSet(0);
            if (cold > 0) {
                average(loadNanos, Math.max(1, cold - took));
            }
        } else if (streamed || wholeNanos.get() > 0) {
            average(loadNanos, Math.max(1, took - (streamed ? firstByteNanos : wholeNanos).get()));
        } else {
            coldWholeNanos.lazySet(took);
        }
    }

    /**
     * The backend has said how long loading took for a request, which may well have waited for nothing.
     *
     * @param nanos 0 for no word of it
     * @param loading whether it was the request that had it loaded
     */
    void loadTold(long nanos, boolean loading) {
        if (nanos > (loading ? 0 : LEAST_LOAD_NANOS)) {
            coldWholeNanos.lazySet(0);
            average(loadNanos, nanos);
        }
    }

    /** Begins a request that is only to have it loaded; false if that is not needed any more. */
    boolean beginPreload() {
        preloading = beginLoading();
        return preloading;
    }

    /**
     * A request that was only to have it loaded has ended; {@link #beginPreload} came before it.
     *
     * @param done whether it is loaded
     */
    void preloaded(long now, long sinceNanos, boolean done) {
        if (done) {
            answeredNanos = now;
            answered = true;
            average(loadNanos, Math.max(1, now - sinceNanos));
        }
        preloading = false;
        becomes(Residency.LOADING, done ? Residency.LOADED : Residency.COLD);
    }

    /**
     * Gives a slot back.
     *
     * @param sinceNanos when it was taken
     * @param loading whether the request was to have the model loaded and has seen no answer
     */
    void end(long now, long sinceNanos, boolean loading) {
        int busy = inFlight.getAndDecrement();
        long progress = progressNanos.getAndSet(now);
        if (busy == 1 && !preloading) {
            // Nobody is left whose answer would show that it was loaded.
            becomes(Residency.LOADING, Residency.COLD);
        }
        if (loading) {
            return;
        }
        // What one request costs the others: the time between two ends, times those that run side by side.
        long between = Math.max(0, now - Math.max(progress, sinceNanos));
        average(serviceNanos, between * Math.min(busy, assumedParallel));
    }

    /** The backend lists its models. */
    void listed(Presence newPresence) {
        presence = newPresence;
    }

    /** The backend said that it does not have the model. */
    void missing() {
        presence = Presence.NO;
    }

    /**
     * The backend lists what it has loaded.
     *
     * @param askedNanos when it was asked: what has been seen since counts more
     * @return whether it was loaded before and is no more
     */
    boolean resident(boolean isLoaded, int context, long askedNanos) {
        Residency before = residency;
        if (isLoaded && evicted && askedNanos - evictedNanos <= 0) {
            return false;
        }
        if (isLoaded) {
            contextLength = context;
            if (before != Residency.LOADING) {
                becomes(before, Residency.LOADED);
            }
            return false;
        }
        boolean seenSince = answered && answeredNanos - askedNanos > 0;
        boolean underWay = before == Residency.LOADING && (preloading || inFlight.get() > 0);
        if (underWay || seenSince) {
            return false;
        }
        contextLength = 0;
        Residency after = inFlight.get() > 0 ? Residency.LOADING : Residency.COLD;
        return becomes(before, after) && before == Residency.LOADED;
    }

    private synchronized boolean becomes(Residency from, Residency to) {
        boolean does = residency == from;
        if (does) {
            residency = to;
        }
        return does;
    }

    private static void average(AtomicLong of, long value) {
        long before = of.get();
        of.lazySet(before == 0 ? value : before + (value - before) / NEW_SHARE);
    }
}
