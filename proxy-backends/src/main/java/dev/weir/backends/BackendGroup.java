package dev.weir.backends;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The targets that serve one model: chooses among them, has requests wait when all are busy, and names who stands in when
 * none can serve. Immutable but for counts; shared by all event loops.
 */
public final class BackendGroup {
    private final String name;
    private final String shownName;
    private final List<Target> targets;
    private final Map<String, Object> metadata;
    private final Settings settings;
    private final Balancing balancing;
    private final Balancer balancer;
    private final WaitQueue queue;
    private final RetryBudget retryBudget;
    private final BackendEvents events;
    private volatile List<BackendGroup> candidates = List.of(this);

    /**
     * How a group treats failures and crowds.
     *
     * @param retries attempts beyond the first
     * @param retryPercent retries for each hundred requests
     * @param retryMin retries allowed whatever the number of requests
     * @param queueMax requests that may wait
     * @param queueMillis how long one waits
     */
    public record Settings(int retries, int retryPercent, int retryMin, int queueMax, long queueMillis) {
        public static final Settings DEFAULT = new Settings(2, 20, 10, 256, 30_000);
    }

    BackendGroup(String name, List<Target> targets, Settings settings, BackendEvents events) {
        this(name, targets, Map.of(), Balancing.DEFAULT, settings, events);
    }

    BackendGroup(
            String name,
            List<Target> targets,
            Map<String, Object> metadata,
            Balancing balancing,
            Settings settings,
            BackendEvents events) {
        this.name = name;
        this.balancing = balancing;
        this.balancer = new Balancer(targets, balancing);
        this.shownName = FieldText.of(name);
        this.targets = List.copyOf(targets);
        this.metadata = metadata;
        this.settings = settings;
        this.events = events;
        this.queue = new WaitQueue(
                this.targets.stream().map(Target::backend).distinct().toList(),
                settings.queueMax(),
                balancing.priority(),
                balancer::wants);
        this.retryBudget = new RetryBudget(settings.retryPercent(), settings.retryMin(), System::nanoTime);
    }

    /** The groups to try, in order, when this one cannot serve; set once, while the catalog is built. */
    void fallBackTo(List<BackendGroup> groups) {
        List<BackendGroup> all = new ArrayList<>(1 + groups.size());
        all.add(this);
        all.addAll(groups);
        candidates = List.copyOf(all);
    }

    /**
     * Has one of the targets, or of those of the fallbacks, answer. On the exchange's event loop.
     *
     * @param heartbeatMillis how often a client that waits for a stream's first token hears of Weir; 0 for never
     */
    void serve(Exchange exchange, Downstream downstream, long heartbeatMillis) {
        new BackendCall(exchange, downstream, candidates, CallKind.INFERENCE).start(heartbeatMillis);
    }

    public String name() {
        return name;
    }

    /** The name in the head of an answer. */
    String shownName() {
        return shownName;
    }

    public List<Target> targets() {
        return targets;
    }

    /** What clients that list the models are told besides the name. */
    public Map<String, Object> metadata() {
        return metadata;
    }

    /** Requests waiting now. */
    public int queued() {
        return queue.size();
    }

    /** How requests are spread over the targets. */
    Balancing balancing() {
        return balancing;
    }

    Choice choose(Asker asker) {
        return balancer.choose(asker, queue.size());
    }

    /** The backend that {@link #choose} would take now for one of those who wait, if any has a free slot. */
    @Nullable
    Backend candidate(Asker asker) {
        return balancer.candidate(asker, Math.max(0, queue.size() - 1));
    }

    /** Whether any target that {@code asker} has not tried is fit, if perhaps busy. */
    boolean isFit(Asker asker) {
        return balancer.isAnyFit(asker);
    }

    /** Whether {@code asker} has tried all there are. */
    boolean isTriedOut(Asker asker) {
        return targets.stream().allMatch(target -> asker.hasTried(target.backend()));
    }

    /** Whether anybody whom {@code asker} has not tried may have the model, fit or not. */
    boolean mayBeElsewhere(Asker asker) {
        return balancer.mayBeElsewhere(asker);
    }

    /** After which wait loading the model elsewhere would have been quicker, in nanoseconds; 0 for never. */
    long patienceNanos(Asker asker) {
        return balancer.patienceNanos(asker);
    }

    Settings settings() {
        return settings;
    }

    WaitQueue queue() {
        return queue;
    }

    RetryBudget retryBudget() {
        return retryBudget;
    }

    BackendEvents events() {
        return events;
    }

    /** What to tell a client that nobody here can serve. */
    GatewayException refusal() {
        if (isUp()) {
            return new GatewayException(
                            GatewayError.QUEUE_FULL, "all backends of model " + name + " are busy; try again later")
                    .retryAfterMillis(queue.retryAfterMillis());
        }
        return new GatewayException(GatewayError.NO_BACKEND, "no backend of model " + name + " is up")
                .retryAfterMillis(retryAfterMillis());
    }

    /** When the first ejected target may be tried again, in milliseconds. */
    long retryAfterMillis() {
        long soonest = Long.MAX_VALUE;
        for (Target target : targets) {
            soonest = Math.min(soonest, target.backend().availability().retryAfterMillis());
        }
        return Math.max(1_000, Math.min(60_000, soonest));
    }

    /** Whether any target could serve now. */
    public boolean isUp() {
        return isFit(new Asker("", Asker.NO_AFFINITY));
    }
}
