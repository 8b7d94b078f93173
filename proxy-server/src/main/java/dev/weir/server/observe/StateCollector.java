package dev.weir.server.observe;

import dev.weir.backends.Backend;
import dev.weir.backends.BackendGroup;
import dev.weir.backends.Fleet;
import dev.weir.core.Engine;
import dev.weir.pipeline.store.Database;
import io.netty.buffer.PooledByteBufAllocator;
import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.ArrayList;
import java.util.List;

/** Gauges, read when somebody asks for them. */
final class StateCollector extends Collector {
    private final Engine engine;
    private final Fleet fleet;
    private final Database database;

    StateCollector(Engine engine, Fleet fleet, Database database) {
        this.engine = engine;
        this.fleet = fleet;
        this.database = database;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        List<MetricFamilySamples> families = new ArrayList<>();
        families.add(gauge("weir_client_connections", "Client connections open.", engine.connections()));
        families.add(gauge("weir_in_flight", "Exchanges in flight.", engine.exchanges()));
        families.add(
                gauge("weir_buffered_body_bytes", "Collected request bodies held.", (double) engine.bufferedBytes()));
        families.add(gauge("weir_direct_memory_bytes", "Direct memory of the buffer pool.", (double)
                PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory()));
        families.add(gauge("weir_draining", "1 while the process is about to end.", engine.isDraining() ? 1 : 0));
        backends(families);
        models(families);
        database(families);
        return families;
    }

    private void database(List<MetricFamilySamples> families) {
        GaugeMetricFamily up = new GaugeMetricFamily("weir_store_up", "1 while the store answers.", List.of("store"));
        up.addMetric(List.of("database"), database.isUp() ? 1 : 0);
        GaugeMetricFamily connections =
                new GaugeMetricFamily("weir_database_connections", "Connections to the database.", List.of("state"));
        Database.PoolState pool = database.pool();
        connections.addMetric(List.of("active"), pool.active());
        connections.addMetric(List.of("idle"), pool.idle());
        families.add(up);
        families.add(connections);
        families.add(gauge("weir_database_waiting", "Threads waiting for a connection.", pool.waiting()));
    }

    private void backends(List<MetricFamilySamples> families) {
        List<String> label = List.of("backend");
        GaugeMetricFamily up = new GaugeMetricFamily("weir_backend_up", "1 while requests are sent to it.", label);
        GaugeMetricFamily inFlight = new GaugeMetricFamily("weir_backend_in_flight", "Requests in flight.", label);
        GaugeMetricFamily idle = new GaugeMetricFamily("weir_backend_idle_connections", "Pooled connections.", label);
        GaugeMetricFamily weight = new GaugeMetricFamily("weir_backend_weight", "The weight in force.", label);
        CounterMetricFamily connects =
                new CounterMetricFamily("weir_backend_connects", "Connections made so far.", label);
        for (Backend backend : fleet.current().backends().values()) {
            List<String> name = List.of(backend.name());
            up.addMetric(name, backend.state().equals("up") ? 1 : 0);
            inFlight.addMetric(name, backend.inFlight());
            idle.addMetric(name, backend.idleConnections());
            weight.addMetric(name, backend.weight());
            connects.addMetric(name, (double) backend.connects());
        }
        families.addAll(List.of(up, inFlight, idle, weight, connects));
    }

    private void models(List<MetricFamilySamples> families) {
        GaugeMetricFamily queued =
                new GaugeMetricFamily("weir_queued", "Requests waiting for a free slot.", List.of("model"));
        for (BackendGroup group : fleet.current().catalog().groups()) {
            queued.addMetric(List.of(group.name()), group.queued());
        }
        families.add(queued);
    }

    private static GaugeMetricFamily gauge(String name, String help, double value) {
        return new GaugeMetricFamily(name, help, value);
    }
}
