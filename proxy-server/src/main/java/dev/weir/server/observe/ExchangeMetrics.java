package dev.weir.server.observe;

import dev.weir.core.Dispatch;
import dev.weir.core.Exchange;
import dev.weir.core.Outcome;
import dev.weir.core.Progress;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Histogram;
import java.util.Locale;

/** Counts and times exchanges. Labels are names of the configuration, never what a client sent. */
final class ExchangeMetrics {
    private static final double NANOS = 1e9;
    private static final double[] SECONDS = {
        .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800
    };
    private static final double[] OVERHEAD_SECONDS = {
        .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1
    };

    private final Counter requests;
    private final Counter outcomes;
    private final Counter refused;
    private final Counter reloads;
    private final Histogram seconds;
    private final Histogram firstByteSeconds;
    private final Histogram queueSeconds;
    private final Histogram overheadSeconds;

    ExchangeMetrics(CollectorRegistry registry) {
        requests = Counter.build("weir_requests", "Requests answered, by route, model, backend and status.")
                .labelNames("route", "model", "backend", "status")
                .register(registry);
        outcomes = Counter.build("weir_exchanges", "Exchanges ended, by how: answered, client_left or cut.")
                .labelNames("outcome")
                .register(registry);
        refused = Counter.build("weir_refused", "Connections refused before there was a request, by status.")
                .labelNames("status")
                .register(registry);
        reloads = Counter.build("weir_config_reloads", "Reloads of the configuration, by result.")
                .labelNames("result")
                .register(registry);
        seconds = Histogram.build("weir_request_seconds", "From a request's first byte to the end of its answer.")
                .labelNames("route")
                .buckets(SECONDS)
                .register(registry);
        firstByteSeconds = Histogram.build(
                        "weir_first_byte_seconds", "From a request's first byte to the head of its answer.")
                .labelNames("route")
                .buckets(SECONDS)
                .register(registry);
        queueSeconds = Histogram.build("weir_queue_seconds", "Time requests waited for a free slot on a backend.")
                .labelNames("model")
                .buckets(SECONDS)
                .register(registry);
        overheadSeconds = Histogram.build(
                        "weir_overhead_seconds", "Weir's own share: the time to the first byte less queue and backend.")
                .labelNames("route")
                .buckets(OVERHEAD_SECONDS)
                .register(registry);
    }

    void ended(Exchange exchange, Outcome outcome, long now) {
        Progress progress = exchange.progress();
        Dispatch dispatch = exchange.get(Dispatch.KEY);
        String route = exchange.route().name();
        requests.labels(
                        route,
                        dispatch == null ? "" : dispatch.model(),
                        dispatch == null ? "" : dispatch.backend(),
                        progress.status() == 0 ? "none" : Integer.toString(progress.status()))
                .inc();
        outcomes.labels(outcome.end().name().toLowerCase(Locale.ROOT)).inc();
        seconds.labels(route).observe((now - exchange.startNanos()) / NANOS);
        if (progress.headNanos() == 0) {
            return;
        }
        long untilHead = progress.headNanos() - exchange.startNanos();
        firstByteSeconds.labels(route).observe(untilHead / NANOS);
        if (dispatch != null && dispatch.firstByteNanos() != 0) {
            long backend = dispatch.firstByteNanos() - dispatch.sentNanos();
            overheadSeconds.labels(route).observe(Math.max(0, untilHead - backend - dispatch.queuedNanos()) / NANOS);
            if (dispatch.queuedNanos() > 0) {
                queueSeconds.labels(dispatch.model()).observe(dispatch.queuedNanos() / NANOS);
            }
        }
    }

    void refused(int status) {
        refused.labels(Integer.toString(status)).inc();
    }

    void reloaded(boolean successfully) {
        reloads.labels(successfully ? "success" : "failure").inc();
    }
}
