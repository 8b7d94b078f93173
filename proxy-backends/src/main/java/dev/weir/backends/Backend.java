package dev.weir.backends;

import io.netty.channel.EventLoop;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A server that answers requests: how busy it is, whether it is fit, and its idle connections. Shared by all event loops;
 * lives on through reloads that leave its spec alone.
 */
public final class Backend {
    private final BackendSpec spec;
    private final BackendAddress address;
    private final Availability availability;
    private final Connector connector;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final Map<EventLoop, ConnectionPool> pools = new ConcurrentHashMap<>();
    private final Set<WaitQueue> waiting = ConcurrentHashMap.newKeySet();
    private final LongAdder connects = new LongAdder();
    private volatile boolean enabled = true;
    private volatile int weight;

    Backend(BackendSpec spec, Connector connector) {
        this.spec = spec;
        this.connector = connector;
        this.address = new BackendAddress(spec.url().getHost(), spec.port());
        this.availability = new Availability(spec.eject(), spec.health(), System::nanoTime);
        this.weight = spec.weight();
    }

    public BackendSpec spec() {
        return spec;
    }

    public String name() {
        return spec.name();
    }

    /** Requests in flight on it now. */
    public int inFlight() {
        return inFlight.get();
    }

    /** The weight in force, which management may have changed. */
    public int weight() {
        return weight;
    }

    /** Whether new requests may be sent to it: false while it is drained by hand. */
    public boolean isEnabled() {
        return enabled;
    }

    /** Idle connections over all event loops. */
    public int idleConnections() {
        int idle = 0;
        for (ConnectionPool pool : pools.values()) {
            idle += pool.size();
        }
        return idle;
    }

    /** Connections opened so far. */
    public long connects() {
        return connects.sum();
    }

    /** {@code up}, {@code down} (checks fail), {@code ejected} (requests failed) or {@code drained}. */
    public String state() {
        if (!enabled) {
            return "drained";
        }
        return availability.isDown() ? "down" : availability.isEjected() ? "ejected" : "up";
    }

    Availability availability() {
        return availability;
    }

    BackendAddress address() {
        return address;
    }

    Connector connector() {
        return connector;
    }

    boolean isEligible() {
        return enabled && (availability.isUp() || availability.isTrialDue());
    }

    boolean hasFreeSlot() {
        return inFlight.get() < spec.maxInFlight();
    }

    /** Takes a slot of a backend that is fit, or null when it is full or unfit by now. */
    @Nullable
    Lease acquire(Target target) {
        boolean trial = !availability.isUp();
        if (trial && !(availability.isTrialDue() && availability.claimTrial())) {
            return null;
        }
        return lease(target, trial);
    }

    /** Takes a slot of a backend that is out, for one request at a time: nobody fit is left. */
    @Nullable
    Lease acquireForTrial(Target target) {
        return enabled && availability.claimTrial() ? lease(target, true) : null;
    }

    private @Nullable Lease lease(Target target, boolean trial) {
        int busy;
        do {
            busy = inFlight.get();
            if (busy >= spec.maxInFlight()) {
                if (trial) {
                    availability.trialUndecided();
                }
                return null;
            }
        } while (!inFlight.compareAndSet(busy, busy + 1));
        return new Lease(target, trial);
    }

    /** The one place where a slot is given back; called by {@link Lease#release} only. */
    void released() {
        inFlight.decrementAndGet();
        if (!waiting.isEmpty()) {
            for (WaitQueue queue : waiting) {
                queue.slotFreed();
            }
        }
    }

    /** The queues whose requests a free slot here may help. */
    Set<WaitQueue> waiting() {
        return waiting;
    }

    ConnectionPool pool(EventLoop eventLoop) {
        ConnectionPool pool = pools.get(eventLoop);
        return pool != null ? pool : pools.computeIfAbsent(eventLoop, loop -> new ConnectionPool(spec.pool()));
    }

    void connected() {
        connects.increment();
    }

    /**
     * Keeps no idle connections any more: the backend is not configured as it was. Requests that were routed before may
     * still use it.
     */
    void retire() {
        pools.forEach((eventLoop, pool) -> eventLoop.execute(pool::close));
    }
}
