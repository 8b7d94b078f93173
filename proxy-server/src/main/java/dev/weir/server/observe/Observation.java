package dev.weir.server.observe;

import dev.weir.backends.BackendEvents;
import dev.weir.backends.Fleet;
import dev.weir.core.Engine;
import dev.weir.core.Exchange;
import dev.weir.core.ExchangeListener;
import dev.weir.core.Meters;
import dev.weir.core.Outcome;
import dev.weir.pipeline.store.Database;
import dev.weir.server.config.LoggingConfig;
import io.netty.channel.EventLoopGroup;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.hotspot.DefaultExports;
import java.nio.file.Path;
import java.util.concurrent.ScheduledExecutorService;

/** What is seen of a running gateway: metrics and the access log. Any thread. */
public final class Observation implements AutoCloseable {
    private final CollectorRegistry registry = new CollectorRegistry();
    private final ExchangeMetrics exchanges = new ExchangeMetrics(registry);
    private final BackendMetrics backends = new BackendMetrics(registry);
    private final Meters meters = new PrometheusMeters(registry);
    private final AccessLog accessLog;

    public Observation(LoggingConfig logging) {
        this.accessLog = new AccessLog(logging.accessLog(), registry);
    }

    /** Begins to look at the machine. */
    public void observeHost(Path stateDirectory, ScheduledExecutorService background) {
        new HostMetrics(stateDirectory).watch(registry, background);
    }

    /** Begins to read the state of what runs; called once it does. */
    public void observe(Engine engine, Fleet fleet, Database database, EventLoopGroup eventLoops) {
        new StateCollector(engine, fleet, database).register(registry);
        new LoopDelay(registry).watch(eventLoops);
        DefaultExports.register(registry);
    }

    public CollectorRegistry registry() {
        return registry;
    }

    /** Where middlewares count. */
    public Meters meters() {
        return meters;
    }

    public BackendEvents backendEvents() {
        return backends;
    }

    public ExchangeListener exchangeListener() {
        return new ExchangeListener() {
            @Override
            public void ended(Exchange exchange, Outcome outcome) {
                long now = System.nanoTime();
                exchanges.ended(exchange, outcome, now);
                accessLog.ended(exchange, outcome, now);
            }

            @Override
            public void refused(int status) {
                exchanges.refused(status);
            }
        };
    }

    public void reloaded(boolean successfully) {
        exchanges.reloaded(successfully);
    }

    @Override
    public void close() {
        accessLog.close();
    }
}
