package dev.weir.backends;

import io.netty.channel.EventLoop;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A server that answers requests: how busy it is, whether it is fit, and its idle connections. Shared by all event loops;
 * lives on through reloads that leave its spec alone.
 */
public final class Backend {
    private static final long V1_MISSING_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final BackendSpec spec;
    private final BackendFields fields;
    private final BackendAddress address;
    private final LongSupplier clock;
    private final Availability availability;
    private final Connector connector;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final Map<EventLoop, ConnectionPool> pools = new ConcurrentHashMap<>();
    private final Set<WaitQueue> waiting = ConcurrentHashMap.newKeySet();
    private final LongAdder connects = new LongAdder();
    private final ModelMemory memory = new ModelMemory();
    private final long hash;
    private volatile BackendKnowledge knowledge = BackendKnowledge.NOTHING;
    private volatile Runnable refresh = () -> {};
    private volatile boolean drained;
    private volatile boolean retired;
    private volatile int weight;
    private volatile long v1MissingNanos;
    private volatile boolean v1Missing;

    Backend(BackendSpec spec, Connector connector) {
        this(spec, connector, System::nanoTime);
    }

    Backend(BackendSpec spec, Connector connector, LongSupplier clock) {
        this.spec = spec;
        this.fields = BackendFields.of(spec);
        this.connector = connector;
        this.address = new BackendAddress(spec.url().getHost(), spec.port());
        this.availability = new Availability(spec.eject(), spec.health(), clock);
        this.weight = spec.weight();
        this.clock = clock;
        this.hash = Rendezvous.mix(spec.name().hashCode());
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

    /** The weight in force: the configured one, or what {@link #overrideWeight} put in its place. */
    public int weight() {
        return weight;
    }

    /** Puts another weight in the place of the configured one until the next reload. */
    public void overrideWeight(int newWeight) {
        if (newWeight < 1) {
            throw new IllegalArgumentException("weight: " + newWeight + " (expected: >= 1)");
        }
        weight = newWeight;
    }

    /** Goes back to the configured weight. */
    void restoreWeight() {
        weight = spec.weight();
    }

    /** It does not know {@code /v1}: an Ollama from before it had that. */
    void lacksV1() {
        v1MissingNanos = System.nanoTime();
        v1Missing = true;
    }

    /** Whether it is asked in Ollama's own API only; looked at again now and then, for it may be renewed. */
    boolean isWithoutV1() {
        return v1Missing && System.nanoTime() - v1MissingNanos < V1_MISSING_NANOS;
    }

    /** Whether new requests may be sent to it: false while it is drained by hand. */
    public boolean isEnabled() {
        return !drained;
    }

    /** Takes no new requests until {@link #enable}; those in flight finish. */
    public void drain() {
        drained = true;
        fitnessChanged();
    }

    /** Takes requests again after {@link #drain}. */
    public void enable() {
        drained = false;
        fitnessChanged();
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
        if (drained) {
            return "drained";
        }
        return availability.isDown() ? "down" : availability.isEjected() ? "ejected" : "up";
    }

    /** What the backend said of itself last. */
    public BackendKnowledge knowledge() {
        return knowledge;
    }

    void knows(BackendKnowledge newKnowledge) {
        knowledge = newKnowledge;
    }

    /** Has the backend asked at once what it has and what is loaded: after a model was pulled or deleted, say. */
    public void refresh() {
        refresh.run();
    }

    /** Who asks it. */
    void refreshedBy(Runnable asker) {
        refresh = asker;
    }

    /** What is known of {@code model} here, by Ollama's rule for names; remembered while somebody holds it. */
    HostedModel hosted(String model) {
        return memory.hosted(ModelCatalog.normalized(model), name -> {
            HostedModel made = new HostedModel(model, spec.parallel(), spec.kind() == BackendSpec.Kind.OLLAMA);
            knowledge.tell(name, made, clock.getAsLong());
            return made;
        });
    }

    /** The models that targets serve here, by their normalized names. */
    public Map<String, HostedModel> hosted() {
        return memory.hosted();
    }

    /** What its memory holds. */
    ModelMemory memory() {
        return memory;
    }

    /** Names it among others, for {@link Rendezvous}. */
    long hash() {
        return hash;
    }

    Availability availability() {
        return availability;
    }

    /** What every request to it carries. */
    BackendFields fields() {
        return fields;
    }

    BackendAddress address() {
        return address;
    }

    Connector connector() {
        return connector;
    }

    boolean isEligible() {
        return !drained && (availability.isUp() || availability.isTrialDue());
    }

    boolean hasFreeSlot() {
        return inFlight.get() < spec.maxInFlight();
    }

    /** Whether requests of models with a higher priority wait for a slot here that they would take. */
    boolean isClaimed(int priority) {
        if (waiting.isEmpty()) {
            return false;
        }
        for (WaitQueue queue : waiting) {
            if (queue.priority() > priority && queue.wants(this)) {
                return true;
            }
        }
        return false;
    }

    /** Takes a slot of a backend that is fit, or null when it is full or unfit by now. */
    @Nullable
    Lease acquire(Target target, Reason reason) {
        boolean trial = !availability.isUp();
        if (trial && !(availability.isTrialDue() && availability.claimTrial())) {
            return null;
        }
        return lease(target, trial ? Reason.TRIAL : reason);
    }

    /** Takes a slot of a backend that is out, for one request at a time: nobody fit is left. */
    @Nullable
    Lease acquireForTrial(Target target) {
        return !drained && availability.claimTrial() ? lease(target, Reason.TRIAL) : null;
    }

    private @Nullable Lease lease(Target target, Reason reason) {
        long now = clock.getAsLong();
        boolean taken = takeSlot();
        if (taken && !target.hosted().begin(now)) {
            inFlight.decrementAndGet();
            taken = false;
        }
        if (!taken) {
            if (reason == Reason.TRIAL) {
                availability.trialUndecided();
            }
            return null;
        }
        boolean loading = target.hosted().beginLoading();
        if (loading) {
            memory.loads(now);
        }
        return new Lease(target, reason, loading, now);
    }

    private boolean takeSlot() {
        int busy;
        do {
            busy = inFlight.get();
            if (busy >= spec.maxInFlight()) {
                return false;
            }
        } while (!inFlight.compareAndSet(busy, busy + 1));
        return true;
    }

    /** The time by this backend's clock. */
    long now() {
        return clock.getAsLong();
    }

    /** The one place where a slot is given back; called by {@link Lease#release} only. */
    void released() {
        inFlight.decrementAndGet();
        slotFreed();
    }

    /** Wakes who waits for a slot here, one of each model. */
    void slotFreed() {
        if (!waiting.isEmpty()) {
            for (WaitQueue queue : waiting) {
                queue.slotFreed(this);
            }
        }
    }

    /** A request was answered. */
    void works() {
        if (availability.succeeded()) {
            fitnessChanged();
        }
    }

    /**
     * A request failed through the backend's own fault.
     *
     * @return whether this ejected it
     */
    boolean fails(boolean asTrial) {
        boolean ejected = availability.failed(asTrial);
        if (ejected) {
            fitnessChanged();
        }
        return ejected;
    }

    /**
     * An active check ended.
     *
     * @return whether the backend went up or down by it
     */
    boolean checked(boolean passed) {
        boolean changed = availability.checked(passed);
        if (changed) {
            fitnessChanged();
        }
        return changed;
    }

    private void fitnessChanged() {
        for (WaitQueue queue : waiting) {
            queue.fitnessChanged(this);
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

    /** Whether it is configured no more, so that no connection is kept. */
    boolean isRetired() {
        return retired;
    }

    /** It is configured no more: closes what is idle. Requests that began before may still use it. */
    void retire() {
        retired = true;
        pools.forEach((eventLoop, pool) -> eventLoop.execute(pool::close));
    }
}
