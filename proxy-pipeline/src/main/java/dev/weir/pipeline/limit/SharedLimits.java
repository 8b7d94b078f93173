package dev.weir.pipeline.limit;

import dev.weir.core.Meters;
import dev.weir.core.Services;
import dev.weir.pipeline.store.Redis;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What has been used, which a reload must not forget. Any thread. */
final class SharedLimits implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedLimits.class);
    private static final long LEASE_MILLIS = 30_000;
    private static final long SWEEP_SECONDS = 60;
    private static final long IDLE_MICROS = TimeUnit.MINUTES.toMicros(10);

    private final MemoryLimits memory = new MemoryLimits(() -> TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
    private final @Nullable RedisLimits redis;
    private final Meters.Counter limited;
    private final Meters.Counter storeFailures;
    private final ScheduledFuture<?> sweeping;
    private final @Nullable ScheduledFuture<?> renewing;
    private final AtomicBoolean failing = new AtomicBoolean();

    private SharedLimits(Services services) {
        this(services, LEASE_MILLIS);
    }

    /** {@code leaseMillis} is how long requests in flight of an instance that died are counted on. */
    SharedLimits(Services services, long leaseMillis) {
        Redis configured = Redis.of(services);
        redis = configured == null ? null : new RedisLimits(configured, leaseMillis);
        limited = services.meters().counter("weir_rate_limited", "Requests refused by a limit.", "subject", "quantity");
        storeFailures = services.meters()
                .counter("weir_rate_limit_store_failures", "Requests whose limits could not be looked up in Redis.");
        sweeping = services.background()
                .scheduleWithFixedDelay(
                        () -> memory.sweep(IDLE_MICROS), SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
        RedisLimits renewed = redis;
        renewing = renewed == null
                ? null
                : services.background()
                        .scheduleWithFixedDelay(
                                renewed::renew, leaseMillis / 3, leaseMillis / 3, TimeUnit.MILLISECONDS);
    }

    static SharedLimits of(Services services) {
        return services.shared(SharedLimits.class, () -> new SharedLimits(services));
    }

    MemoryLimits memory() {
        return memory;
    }

    /** Null when none is configured. */
    @Nullable
    RedisLimits redis() {
        return redis;
    }

    void refused(Decision.Refused refusal) {
        limited.labels(refusal.subject().kind().label(), refusal.quantity().label())
                .increment();
    }

    /** Redis could not be asked; said once until it can again. */
    void storeFailed(@Nullable Throwable failure, LimitSettings.OnStoreFailure instead) {
        storeFailures.increment();
        if (failing.compareAndSet(false, true)) {
            LOG.warn(
                    "limits cannot be looked up in redis, {}: {}",
                    switch (instead) {
                        case LOCAL -> "this instance counts alone";
                        case ALLOW -> "every request passes";
                        case REJECT -> "no request passes";
                    },
                    failure == null ? "no answer" : failure.getMessage());
        }
    }

    void storeAnswered() {
        if (failing.get() && failing.compareAndSet(true, false)) {
            LOG.info("limits are looked up in redis again");
        }
    }

    @Override
    public void close() {
        sweeping.cancel(false);
        if (renewing != null) {
            renewing.cancel(false);
        }
    }
}
