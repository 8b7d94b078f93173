package dev.weir.server.management;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import dev.weir.core.Services;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the machine: processors since the last look, memory without what the system would give back, the root's disk,
 * graphics cards. One look serves all who ask within a second. Any thread; the looking is done in the background.
 */
final class SystemResources {
    private static final Path CPU_TIMES = Path.of("/proc/stat");
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final Pattern SPACES = Pattern.compile("\\s+");
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A share of time since a look that is older says nothing about now; nor does one since a moment ago. */
    private static final long OLDEST_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final long INTERVAL_MILLIS = 200;

    private final ScheduledExecutorService background;
    private final NvidiaSmi graphics;
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private @Nullable CompletableFuture<ObjectNode> last;
    private long lastNanos;
    private volatile @Nullable CpuTimes before;

    SystemResources(ScheduledExecutorService background, NvidiaSmi graphics) {
        this.background = background;
        this.graphics = graphics;
    }

    /** The one of this process. */
    static SystemResources of(Services services) {
        return services.shared(
                SystemResources.class, () -> new SystemResources(services.background(), new NvidiaSmi("nvidia-smi")));
    }

    /** Processor time in ticks. */
    private record CpuTimes(long busy, long total, long atNanos) {}

    /** A look that is at most a second old. */
    synchronized CompletableFuture<ObjectNode> current() {
        CompletableFuture<ObjectNode> known = last;
        if (known != null && (!known.isDone() || System.nanoTime() - lastNanos < FRESH_NANOS)) {
            return known;
        }
        CompletableFuture<ObjectNode> pending = new CompletableFuture<>();
        last = pending;
        background.execute(() -> {
            CpuTimes earlier = before;
            if (earlier != null && System.nanoTime() - earlier.atNanos < OLDEST_NANOS) {
                look(earlier, pending);
            } else {
                CpuTimes now = cpuTimes();
                background.schedule(() -> look(now, pending), INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
            }
        });
        return pending;
    }

    private void look(@Nullable CpuTimes earlier, CompletableFuture<ObjectNode> pending) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        try {
            CpuTimes now = cpuTimes();
            before = now;
            answer.put("cpu_percent", cpuPercent(earlier, now));
            answer.put("cpu_count", system.getAvailableProcessors());
            answer.put("load_average", system.getSystemLoadAverage());
            addMemory(answer.putObject("memory"));
            addDisk(answer.putObject("disk_root"), Path.of("/"));
            ArrayNode cards = answer.putArray("gpu_info");
            graphics.cards().forEach(cards::add);
            addProcess(answer.putObject("process"));
        } catch (IOException | RuntimeException e) {
            answer.put("error", "not all of it could be read: " + e.getMessage());
        } finally {
            synchronized (this) {
                lastNanos = System.nanoTime();
            }
            pending.complete(answer);
        }
    }

    private double cpuPercent(@Nullable CpuTimes earlier, @Nullable CpuTimes now) {
        if (earlier == null || now == null || now.total <= earlier.total) {
            return Math.round(1000 * Math.max(0, system.getCpuLoad())) / 10d;
        }
        return percent(now.busy - earlier.busy, now.total - earlier.total);
    }

    /** proc(5): user, nice, system, idle, iowait, irq, softirq, steal; null where there is no such file. */
    private static @Nullable CpuTimes cpuTimes() {
        try {
            String[] fields = SPACES.split(Files.readAllLines(CPU_TIMES).get(0), -1);
            long total = 0;
            for (int i = 1; i < Math.min(fields.length, 9); i++) {
                total += Long.parseLong(fields[i]);
            }
            long idle = Long.parseLong(fields[4]) + Long.parseLong(fields[5]);
            return new CpuTimes(total - idle, total, System.nanoTime());
        } catch (IOException | RuntimeException noSuchFile) {
            return null;
        }
    }

    private void addMemory(ObjectNode memory) {
        long total = system.getTotalMemorySize();
        long available = Math.min(total, availableMemory());
        memory.put("total", total)
                .put("available", available)
                .put("used", total - available)
                .put("percent", percent(total - available, total));
    }

    private long availableMemory() {
        try {
            List<String> lines = Files.readAllLines(MEMORY);
            for (String line : lines) {
                if (line.startsWith("MemAvailable:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                }
            }
        } catch (IOException | RuntimeException noSuchFile) {
            // The figure below is less exact: it counts caches as used.
        }
        return system.getFreeMemorySize();
    }

    /** Space as whoever is not the superuser has it. */
    static void addDisk(ObjectNode disk, Path path) throws IOException {
        FileStore store = Files.getFileStore(path);
        long total = store.getTotalSpace();
        long free = store.getUsableSpace();
        disk.put("path", path.toString())
                .put("total", total)
                .put("free", free)
                .put("used", total - free)
                .put("percent", percent(total - free, total));
    }

    private static void addProcess(ObjectNode process) {
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        process.put("heap_used", heap.getUsed())
                .put("heap_max", heap.getMax())
                .put("threads", ManagementFactory.getThreadMXBean().getThreadCount());
    }

    private static double percent(long part, long whole) {
        return whole <= 0 ? 0 : Math.min(1000, Math.round(1000d * part / whole)) / 10d;
    }
}
