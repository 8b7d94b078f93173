package dev.weir.server.observe;

import dev.weir.core.Dispatch;
import dev.weir.core.Exchange;
import dev.weir.core.Outcome;
import dev.weir.core.Progress;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Histogram;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

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
    private final ConcurrentMap<Answered, Counter.Child> requestCounters = new ConcurrentHashMap<>();
    private final Map<Outcome.End, Counter.Child> outcomeCounters = new EnumMap<>(Outcome.End.class);
    private final Counter refused;
    private final Counter reloads;
    private final Timings seconds;
    private final Timings firstByteSeconds;
    private final Timings queueSeconds;
    private final Timings overheadSeconds;

    ExchangeMetrics(CollectorRegistry registry) {
        requests = Counter.build("weir_requests", "Requests answered, by route, model, backend and status.")
                .labelNames("route", "model", "backend", "status")
                .register(registry);
        Counter outcomes = Counter.build("weir_exchanges", "Exchanges ended, by how: answered, client_left or cut.")
                .labelNames("outcome")
                .register(registry);
        for (Outcome.End end : Outcome.End.values()) {
            outcomeCounters.put(end, outcomes.labels(end.name().toLowerCase(Locale.ROOT)));
        }
        refused = Counter.build("weir_refused", "Connections refused before there was a request, by status.")
                .labelNames("status")
                .register(registry);
        reloads = Counter.build("weir_config_reloads", "Reloads of the configuration, by result.")
                .labelNames("result")
                .register(registry);
        seconds = new Timings(
                Histogram.build("weir_request_seconds", "From a request's first byte to the end of its answer.")
                        .labelNames("route")
                        .buckets(SECONDS)
                        .register(registry));
        firstByteSeconds = new Timings(
                Histogram.build("weir_first_byte_seconds", "From a request's first byte to the head of its answer.")
                        .labelNames("route")
                        .buckets(SECONDS)
                        .register(registry));
        queueSeconds =
                new Timings(Histogram.build("weir_queue_seconds", "Time requests waited for a free slot on a backend.")
                        .labelNames("model")
                        .buckets(SECONDS)
                        .register(registry));
        overheadSeconds = new Timings(Histogram.build(
                        "weir_overhead_seconds", "Weir's own share: the time to the first byte less queue and backend.")
                .labelNames("route")
                .buckets(OVERHEAD_SECONDS)
                .register(registry));
    }

    void ended(Exchange exchange, Outcome outcome, long now) {
        Progress progress = exchange.progress();
        Dispatch dispatch = exchange.get(Dispatch.KEY);
        String route = exchange.route().name();
        counterOf(route, dispatch, progress.status()).inc();
        Objects.requireNonNull(outcomeCounters.get(outcome.end())).inc();
        seconds.of(route).observe((now - exchange.startNanos()) / NANOS);
        if (progress.headNanos() == 0) {
            return;
        }
        long untilHead = progress.headNanos() - exchange.startNanos();
        firstByteSeconds.of(route).observe(untilHead / NANOS);
        if (dispatch != null && dispatch.firstByteNanos() != 0) {
            long backend = dispatch.firstByteNanos() - dispatch.sentNanos();
            overheadSeconds.of(route).observe(Math.max(0, untilHead - backend - dispatch.queuedNanos()) / NANOS);
            if (dispatch.queuedNanos() > 0) {
                queueSeconds.of(dispatch.model()).observe(dispatch.queuedNanos() / NANOS);
            }
        }
    }

    private Counter.Child counterOf(String route, @Nullable Dispatch dispatch, int status) {
        Answered answered = new Answered(
                route, dispatch == null ? "" : dispatch.model(), dispatch == null ? "" : dispatch.backend(), status);
        Counter.Child known = requestCounters.get(answered);
        return known != null ? known : requestCounters.computeIfAbsent(answered, this::newCounter);
    }

    private Counter.Child newCounter(Answered of) {
        return requests.labels(of.route, of.model, of.backend, of.status == 0 ? "none" : Integer.toString(of.status));
    }

    void refused(int status) {
        refused.labels(Integer.toString(status)).inc();
    }

    void reloaded(boolean successfully) {
        reloads.labels(successfully ? "success" : "failure").inc();
    }

    /** What the counter of requests tells apart. */
    private record Answered(String route, String model, String backend, int status) {}

    /** A histogram with one label, whose values find their series without the search and the garbage of the library's. */
    private static final class Timings {
        private final Histogram histogram;
        private final ConcurrentMap<String, Histogram.Child> series = new ConcurrentHashMap<>();

        Timings(Histogram histogram) {
            this.histogram = histogram;
        }

        Histogram.Child of(String label) {
            Histogram.Child known = series.get(label);
            return known != null ? known : series.computeIfAbsent(label, histogram::labels);
        }
    }
}
