package dev.weir.pipeline.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Meters;
import dev.weir.core.Services;
import dev.weir.core.Verdict;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Slows down who tries keys: an address that has sent {@value #FREE} wrong ones is answered later and later, until it gets
 * one answer a second. Only what a wrong key is answered waits; whoever sends a valid one never does. Bounded in addresses
 * and in answers that wait. Any thread.
 */
final class FailedKeys {
    /** Wrong keys that cost nothing: somebody's client may be set up wrongly. */
    static final int FREE = 20;

    private static final long SHARE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long FREE_NANOS = FREE * SHARE_NANOS;

    /** Less than a middleware may wait (see {@code EngineSettings.Timeouts}). */
    static final long MAX_DELAY_NANOS = TimeUnit.SECONDS.toNanos(5);

    static final int MAX_ADDRESSES = 10_000;
    private static final int MAX_WAITING = 1_000;
    private static final int PREFIX_BYTES = 8;
    private static final Verdict TOO_MANY = Verdict.reject(
            new GatewayException(GatewayError.RATE_LIMITED, "too many wrong API keys: wait, and send a valid one")
                    .retryAfterMillis(TimeUnit.NANOSECONDS.toMillis(MAX_DELAY_NANOS)));

    /** When each address will have paid for its wrong keys; by {@link System#nanoTime}. */
    private final Cache<ByteBuffer, Long> paidNanos = Caffeine.newBuilder()
            .maximumSize(MAX_ADDRESSES)
            .expireAfterWrite(Duration.ofNanos(FREE_NANOS + MAX_DELAY_NANOS))
            .executor(Runnable::run)
            .build();

    private final AtomicInteger waiting = new AtomicInteger();
    private final Meters.Counter failures;

    static FailedKeys of(Services services) {
        return services.shared(FailedKeys.class, () -> new FailedKeys(services.meters()));
    }

    FailedKeys(Meters meters) {
        failures = meters.counter("weir_wrong_keys", "Requests that sent a key which is not valid.");
    }

    /** Notes that {@code exchange} sent a wrong key, and has {@code verdict} given when it is time. */
    Verdict note(Exchange exchange, Verdict verdict) {
        failures.increment();
        long delayNanos = delayNanos(exchange.clientAddress(), System.nanoTime());
        if (delayNanos == 0) {
            return verdict;
        }
        if (waiting.incrementAndGet() > MAX_WAITING) {
            waiting.decrementAndGet();
            return TOO_MANY;
        }
        CompletableFuture<Verdict> later = new CompletableFuture<>();
        exchange.eventLoop()
                .schedule(
                        () -> {
                            waiting.decrementAndGet();
                            later.complete(verdict);
                        },
                        delayNanos,
                        TimeUnit.NANOSECONDS);
        return Verdict.await(later);
    }

    /** Counts a wrong key of {@code address}; returns how long its answer waits. */
    long delayNanos(InetAddress address, long nowNanos) {
        Long paid = paidNanos.asMap().merge(network(address), nowNanos + SHARE_NANOS, (before, first) -> {
            long owedNanos = Math.max(0, before - nowNanos) + SHARE_NANOS;
            return nowNanos + Math.min(owedNanos, FREE_NANOS + MAX_DELAY_NANOS);
        });
        return Math.max(0, paid - nowNanos - FREE_NANOS);
    }

    long addresses() {
        paidNanos.cleanUp();
        return paidNanos.estimatedSize();
    }

    /** The address, or of IPv6 the network of one subscriber, who has as many addresses as they like. */
    private static ByteBuffer network(InetAddress address) {
        byte[] bytes = address.getAddress();
        return ByteBuffer.wrap(address instanceof Inet6Address ? Arrays.copyOf(bytes, PREFIX_BYTES) : bytes);
    }
}
