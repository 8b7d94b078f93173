package dev.weir.server.diagnosis;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Looks at what the machine grants this process: descriptors, memory, the time. Any thread. */
public final class HostChecks {
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final long MIB = 1024 * 1024;
    private static final long SHORT_OF_MEMORY_BYTES = 512 * MIB;
    private static final long SPARE_DESCRIPTORS = 256;
    private static final Duration TOLERATED = Duration.ofSeconds(5);

    private HostChecks() {}

    /** The limit of this process, which the JVM has raised to the hard one. */
    public static long maxDescriptors() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : Long.MAX_VALUE;
    }

    /** Every client takes a descriptor, and while it is served its backend's connection another. */
    public static Finding descriptors(long limit, int maxConnections) {
        long needed = 2L * maxConnections + SPARE_DESCRIPTORS;
        if (limit >= needed) {
            return Finding.ok("ulimit -n", limit + " file descriptors, " + needed + " can be needed");
        }
        String text = limit + " file descriptors, but server.max_connections " + maxConnections + " can need " + needed;
        String mend = "LimitNOFILE=65536 in the unit (ulimit -n in a shell), or a lower server.max_connections";
        return limit < maxConnections + SPARE_DESCRIPTORS
                ? Finding.failed("ulimit -n", text, mend)
                : Finding.warning("ulimit -n", text, mend);
    }

    public static Finding memory() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long total = system.getTotalMemorySize();
        return memory(
                total, Math.min(total, available(system)), Runtime.getRuntime().maxMemory());
    }

    static Finding memory(long totalBytes, long availableBytes, long heapBytes) {
        String text = "heap up to " + heapBytes / MIB + " MiB of " + totalBytes / MIB + " MiB, " + availableBytes / MIB
                + " MiB available";
        // The buffers of connections may take as much again beside the heap.
        if (2 * heapBytes > totalBytes) {
            return Finding.warning(
                    "memory",
                    text + ": the heap and as much again for buffers do not fit",
                    "a smaller -Xmx in JAVA_OPTS (a quarter of the memory is the default), or more memory");
        }
        if (availableBytes < SHORT_OF_MEMORY_BYTES) {
            return Finding.warning("memory", text + ": little is left", "end what else runs here, or add memory");
        }
        return Finding.ok("memory", text);
    }

    private static long available(OperatingSystemMXBean system) {
        try {
            List<String> lines = Files.readAllLines(MEMORY);
            return lines.stream()
                    .filter(line -> line.startsWith("MemAvailable:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElseGet(system::getFreeMemorySize);
        } catch (IOException | NumberFormatException noSuchFile) {
            return system.getFreeMemorySize();
        }
    }

    /**
     * How this host's clock stands to another's.
     *
     * @param whose the other host
     */
    public static Finding clock(String whose, Instant theirs, Instant ours) {
        Duration apart = Duration.between(theirs, ours);
        if (apart.abs().compareTo(TOLERATED) <= 0) {
            return Finding.ok("clock", "agrees with " + whose);
        }
        return Finding.failed(
                "clock",
                apart.abs().toSeconds() + " s " + (apart.isNegative() ? "behind " : "ahead of ") + whose
                        + ": keys expire, limits reset and logs are dated wrongly",
                "timedatectl set-ntp true on both hosts");
    }
}
