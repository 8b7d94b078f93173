package dev.weir.server.systemd;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Pings while every event loop answers: each is asked, and the last answer is the ping. A stuck loop is not asked again, and
 * there is no ping until it has answered. Any thread.
 */
final class Watchdog {
    private final List<EventExecutor> loops = new ArrayList<>();
    private final Runnable ping;
    private final AtomicInteger unanswered = new AtomicInteger();

    Watchdog(EventLoopGroup eventLoops, Runnable ping) {
        eventLoops.forEach(loops::add);
        this.ping = ping;
    }

    /** Half the time after which the manager, who asks for pings by these variables, loses its patience; else 0. */
    static long periodMicros(Map<String, String> environment, long pid) {
        String whose = environment.getOrDefault("WATCHDOG_PID", "");
        String micros = environment.getOrDefault("WATCHDOG_USEC", "");
        if (!micros.matches("\\d{1,18}") || !(whose.isEmpty() || whose.equals(Long.toString(pid)))) {
            return 0;
        }
        return Long.parseLong(micros) / 2;
    }

    /** Asks once in every period, on a thread that no event loop can hold up. */
    void start(ScheduledExecutorService thread, long periodMicros) {
        thread.scheduleAtFixedRate(this::ask, 0, periodMicros, TimeUnit.MICROSECONDS);
    }

    private void ask() {
        if (!unanswered.compareAndSet(0, loops.size())) {
            return;
        }
        for (EventExecutor loop : loops) {
            loop.execute(() -> {
                if (unanswered.decrementAndGet() == 0) {
                    ping.run();
                }
            });
        }
    }
}
