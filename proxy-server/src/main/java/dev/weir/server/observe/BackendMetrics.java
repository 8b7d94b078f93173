package dev.weir.server.observe;

import dev.weir.backends.Backend;
import dev.weir.backends.BackendEvents;
import dev.weir.backends.Reason;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Histogram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what happens to backends. */
final class BackendMetrics implements BackendEvents {
    private static final Logger LOG = LoggerFactory.getLogger(BackendMetrics.class);
    private static final double NANOS = 1e9;

    private final Counter choices;
    private final Counter retries;
    private final Counter failures;
    private final Counter ejections;
    private final Counter cancels;
    private final Counter checks;
    private final Counter fallbacks;
    private final Histogram gapSeconds;

    BackendMetrics(CollectorRegistry registry) {
        choices = Counter.build("weir_choices", "Attempts by model and by why their backend was chosen.")
                .labelNames("model", "reason")
                .register(registry);
        retries = Counter.build("weir_retries", "Attempts repeated after a backend failed, by that backend.")
                .labelNames("backend")
                .register(registry);
        failures = Counter.build("weir_backend_failures", "Attempts that failed, by backend and reason.")
                .labelNames("backend", "reason")
                .register(registry);
        ejections = Counter.build("weir_ejections", "Times failing requests took a backend out.")
                .labelNames("backend")
                .register(registry);
        cancels = Counter.build("weir_cancels", "Requests stopped on a backend because the client left.")
                .labelNames("backend")
                .register(registry);
        checks = Counter.build("weir_health_changes", "Times checks took a backend out or brought it back.")
                .labelNames("backend", "state")
                .register(registry);
        fallbacks = Counter.build("weir_fallbacks", "Requests handed from a model to one of its fallbacks.")
                .labelNames("model", "fallback")
                .register(registry);
        gapSeconds = Histogram.build("weir_stream_gap_seconds", "Time between two parts of an event stream.")
                .buckets(.001, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30)
                .register(registry);
    }

    @Override
    public void chosen(String model, Reason reason) {
        choices.labels(model, reason.label()).inc();
    }

    @Override
    public void retried(Backend backend) {
        retries.labels(backend.name()).inc();
    }

    @Override
    public void fellBack(String from, String to) {
        fallbacks.labels(from, to).inc();
    }

    @Override
    public void ejected(Backend backend) {
        LOG.warn("backend {} is ejected: its requests fail", backend.name());
        ejections.labels(backend.name()).inc();
    }

    @Override
    public void checked(Backend backend, boolean up) {
        checks.labels(backend.name(), up ? "up" : "down").inc();
    }

    @Override
    public void failed(Backend backend, String reason) {
        failures.labels(backend.name(), reason).inc();
    }

    @Override
    public void cancelled(Backend backend) {
        cancels.labels(backend.name()).inc();
    }

    @Override
    public void streamGap(long nanos) {
        gapSeconds.observe(nanos / NANOS);
    }
}
