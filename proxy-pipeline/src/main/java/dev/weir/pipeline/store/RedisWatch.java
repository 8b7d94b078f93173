package dev.weir.pipeline.store;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows whether Redis can be asked, and brings it back. One trouble is enough to ask it nothing more until a probe has passed,
 * so a Redis that does not answer costs no request more than one time limit.
 *
 * <pre>
 *   UP ──a command failed, a connection was lost──▶ DOUBTFUL ──probe passed──▶ UP
 *   DOUBTFUL ──probe failed──▶ AWAY ──probe passed, on another connection if need be──▶ UP
 * </pre>
 *
 * Only AWAY is told to operators. While UP a probe passes every second, while AWAY at most one. Fields without a word are
 * confined to the executor.
 */
final class RedisWatch {
    private static final Logger LOG = LoggerFactory.getLogger(RedisWatch.class);
    private static final long PERIOD_MILLIS = 1_000;
    private static final long FIRST_PAUSE_MILLIS = 125;
    private static final long CLOSE_MILLIS = 1_000;
    private static final int PROBES_OF_A_CONNECTION = 3;
    private static final String NO_KEY = "any";

    private final RedisConnector connector;
    private final EventExecutor executor;
    private final CountDownLatch firstProbe = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    /** What commands may use; null while doubtful or away. Any thread. */
    private final AtomicReference<@Nullable RedisConnection> live = new AtomicReference<>();

    private @Nullable RedisConnection connection;
    private @Nullable ScheduledFuture<?> next;
    private String neighbour = NO_KEY;
    private boolean probing;
    private boolean told;
    private boolean away = true;
    private boolean closed;
    private int failures;

    RedisWatch(RedisConnector connector) {
        this.connector = connector;
        this.executor = connector.executor();
    }

    /** Begins, and waits a little for the first probe to end. */
    void start(long waitMillis) {
        connector.whenDisconnected(() -> {
            RedisConnection used = live.get();
            if (used != null) {
                doubt(used, NO_KEY);
            }
        });
        execute(this::probe);
        try {
            if (!firstProbe.await(waitMillis, TimeUnit.MILLISECONDS)) {
                LOG.warn("redis {} has not answered yet", connector);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What to send commands to, or null while there is nobody to ask. Any thread. */
    @Nullable
    RedisConnection live() {
        return live.get();
    }

    /** Something went wrong on {@code used} with {@code key}: nothing more is sent until a probe has passed. Any thread. */
    void doubt(RedisConnection used, String key) {
        if (live.compareAndSet(used, null)) {
            execute(() -> {
                neighbour = key;
                probe();
            });
        }
    }

    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException closing) {
            LOG.debug("redis {} is being closed", connector);
        }
    }

    private void probe() {
        if (probing || closed) {
            return;
        }
        probing = true;
        if (next != null) {
            next.cancel(false);
            next = null;
        }
        if (connection != null && !connection.isOpen()) {
            drop(connection);
        }
        RedisConnection known = connection;
        try {
            CompletionStage<?> passed =
                    known == null ? connector.connect().thenCompose(this::probeNew) : known.probe(neighbour);
            passed.whenComplete((done, failure) -> execute(() -> probed(failure)));
        } catch (RuntimeException e) {
            probed(e);
        }
    }

    private CompletionStage<?> probeNew(RedisConnection opened) {
        execute(() -> {
            if (closed) {
                opened.close();
            } else {
                connection = opened;
            }
        });
        return opened.probe(neighbour);
    }

    private void probed(@Nullable Throwable failure) {
        probing = false;
        if (closed) {
            ended.countDown();
        } else if (failure == null) {
            passed();
        } else {
            failed(
                    failure instanceof CompletionException wrapped && wrapped.getCause() != null
                            ? wrapped.getCause()
                            : failure);
        }
        // Who waits for the first one looks at what it has found.
        firstProbe.countDown();
    }

    private void passed() {
        failures = 0;
        neighbour = NO_KEY;
        if (away) {
            away = false;
            told = false;
            LOG.info("redis {} is up", connector);
        }
        live.set(connection);
        next = executor.schedule(this::probe, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void failed(Throwable failure) {
        live.set(null);
        away = true;
        if (!told) {
            told = true;
            LOG.warn("redis {} is away, trying on: {}", connector, reason(failure));
        }
        failures++;
        RedisConnection used = connection;
        if (used != null && (failures % PROBES_OF_A_CONNECTION == 0 || isOfConnection(failure))) {
            drop(used);
        }
        next = executor.schedule(this::probe, pauseMillis(), TimeUnit.MILLISECONDS);
    }

    private void drop(RedisConnection used) {
        connection = null;
        used.close();
    }

    /** Whether another connection may lead to better: this one is lost, or leads to a server that is master no more. */
    private static boolean isOfConnection(Throwable failure) {
        return failure instanceof RedisCommandExecutionException
                ? String.valueOf(failure.getMessage()).startsWith("READONLY")
                : !(failure instanceof RedisCommandTimeoutException);
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    /** Twice as long each time, up to a second, give or take a quarter: instances do not come back in step. */
    private long pauseMillis() {
        long pause = Math.min(PERIOD_MILLIS, FIRST_PAUSE_MILLIS << Math.min(failures - 1, 10));
        return pause * ThreadLocalRandom.current().nextLong(75, 126) / 100;
    }

    /**
     * Ends: when this returns, nothing is asked or opened any more. What is open the connector closes. A probe under way has a
     * moment to end, for what it goes on to open would find no thread to run on.
     */
    void close() {
        live.set(null);
        execute(() -> {
            closed = true;
            if (next != null) {
                next.cancel(false);
            }
            if (!probing) {
                ended.countDown();
            }
        });
        try {
            if (!ended.await(CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.debug("redis {} is still being looked after at its end", connector);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
