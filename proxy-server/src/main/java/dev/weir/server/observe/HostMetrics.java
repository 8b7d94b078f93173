package dev.weir.server.observe;

import com.sun.management.OperatingSystemMXBean;
import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.GaugeMetricFamily;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The machine's processors, memory and disks, for alerts where nothing else watches it. Looked at every few seconds in the
 * background: a disk may take its time. Any thread.
 */
final class HostMetrics extends Collector {
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final long PERIOD_SECONDS = 5;

    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final Map<String, Path> places;
    private volatile double cpu;
    private volatile double memory;
    private volatile Map<String, Double> disks = Map.of();

    HostMetrics(Path stateDirectory) {
        Map<String, Path> watched = new LinkedHashMap<>();
        watched.put("root", Path.of("/"));
        watched.put("state", stateDirectory.toAbsolutePath());
        this.places = watched;
    }

    void watch(CollectorRegistry registry, ScheduledExecutorService background) {
        register(registry);
        background.scheduleWithFixedDelay(this::look, 0, PERIOD_SECONDS, TimeUnit.SECONDS);
    }

    private void look() {
        cpu = Math.max(0, system.getCpuLoad());
        memory = usedMemory();
        Map<String, Double> used = new LinkedHashMap<>();
        places.forEach((name, path) -> {
            try {
                FileStore store = Files.getFileStore(path);
                used.put(name, 1 - (double) store.getUsableSpace() / Math.max(1, store.getTotalSpace()));
            } catch (IOException notThereYet) {
                // Nothing is said of it.
            }
        });
        disks = used;
    }

    private double usedMemory() {
        long total = Math.max(1, system.getTotalMemorySize());
        long available = system.getFreeMemorySize();
        try {
            for (String line : Files.readAllLines(MEMORY)) {
                if (line.startsWith("MemAvailable:")) {
                    available = Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                }
            }
        } catch (IOException | NumberFormatException noSuchFile) {
            // The figure above is less exact: it counts caches as used.
        }
        return 1 - (double) Math.min(total, available) / total;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        GaugeMetricFamily disk = new GaugeMetricFamily(
                "weir_host_disk_ratio",
                "Share of a disk that is used: the root's, the state directory's.",
                List.of("place"));
        disks.forEach((name, ratio) -> disk.addMetric(List.of(name), ratio));
        return List.of(
                new GaugeMetricFamily("weir_host_cpu_ratio", "Share of the machine's processors in use.", cpu),
                new GaugeMetricFamily("weir_host_memory_ratio", "Share of the machine's memory in use.", memory),
                disk);
    }
}
