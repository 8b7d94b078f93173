package dev.weir.server.config;

import dev.weir.core.Default;
import java.time.Duration;

/** {@code backend_defaults}: what holds for every backend. */
public record BackendDefaults(
        @Default("{}") BackendTimeouts timeouts,
        @Default("{}") Pool pool,
        @Default("{}") Health health,
        @Default("{}") Eject eject,
        @Default("{}") Retry retry,
        @Default("{}") Queue queue) {

    /** Idle connections kept for the next request. */
    public record Pool(
            @Default("64") int maxIdlePerLoop,
            @Default("30s") Duration idleTimeout,
            @Default("10m") Duration maxAge) {

        public Pool {
            Expect.atLeast("max_idle_per_loop", maxIdlePerLoop, 0);
            Expect.positive("idle_timeout", idleTimeout);
            Expect.positive("max_age", maxAge);
        }
    }

    /** Active probes: down after {@code fall} failures, up again after {@code rise} successes. */
    public record Health(
            @Default("5s") Duration interval,
            @Default("2s") Duration timeout,
            @Default("3") int fall,
            @Default("2") int rise) {

        public Health {
            Expect.positive("interval", interval);
            Expect.positive("timeout", timeout);
            Expect.atLeast("fall", fall, 1);
            Expect.atLeast("rise", rise, 1);
        }
    }

    /** When failures of requests take a backend out, and for how long: doubling from {@code base} to {@code max}. */
    public record Eject(
            @Default("5") int consecutiveFailures,
            @Default("5s") Duration base,
            @Default("5m") Duration max) {

        public Eject {
            Expect.atLeast("consecutive_failures", consecutiveFailures, 1);
            Expect.positive("base", base);
            if (max.compareTo(base) < 0) {
                throw new IllegalArgumentException(
                        "max: " + Durations.format(max) + " (expected: >= base, " + Durations.format(base) + ")");
            }
        }
    }

    /** Attempts beyond the first, within a budget: a share of the requests, and a minimum. */
    public record Retry(
            @Default("2") int attempts,
            @Default("20") int budgetPercent,
            @Default("10") int budgetMin) {

        public Retry {
            Expect.between("attempts", attempts, 0, 10);
            Expect.between("budget_percent", budgetPercent, 0, 100);
            Expect.atLeast("budget_min", budgetMin, 0);
        }
    }

    /** Requests of a model that wait while all its targets are busy. */
    public record Queue(
            @Default("256") int max, @Default("30s") Duration timeout) {
        public Queue {
            Expect.atLeast("max", max, 0);
            Expect.positive("timeout", timeout);
        }
    }
}
