package dev.weir.server.observe;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Histogram;
import java.util.concurrent.TimeUnit;

/** Measures how late event loops run what is due: something that blocks one shows here first. */
final class LoopDelay {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final double NANOS = 1e9;

    private final Histogram seconds;

    LoopDelay(CollectorRegistry registry) {
        seconds = Histogram.build("weir_loop_delay_seconds", "How late an event loop runs a task that is due.")
                .buckets(.0005, .001, .0025, .005, .01, .025, .05, .1, .5, 2)
                .register(registry);
    }

    void watch(EventLoopGroup eventLoops) {
        for (EventExecutor loop : eventLoops) {
            schedule(loop);
        }
    }

    private void schedule(EventExecutor loop) {
        long due = System.nanoTime() + PERIOD_NANOS;
        loop.schedule(
                () -> {
                    seconds.observe(Math.max(0, System.nanoTime() - due) / NANOS);
                    if (!loop.isShuttingDown()) {
                        schedule(loop);
                    }
                },
                PERIOD_NANOS,
                TimeUnit.NANOSECONDS);
    }
}
