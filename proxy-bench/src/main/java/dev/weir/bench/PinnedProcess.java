package dev.weir.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** A process on one core, and what the kernel says of it and its children. Any thread. */
final class PinnedProcess implements AutoCloseable {
    /** The kernel tells processor time to user programs in hundredths of a second, whatever its own clock. */
    private static final long MICROS_PER_TICK = 10_000;

    /** A JVM that writes an archive of its classes at its end takes some seconds. */
    private static final int END_SECONDS = 20;

    private final String name;
    private final Process process;
    private final Path log;

    private PinnedProcess(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
    }

    /** Starts {@code command} on {@code core}, or wherever there is room if that is negative; its output goes to {@code log}. */
    static PinnedProcess start(String name, int core, Path log, Map<String, String> environment, List<String> command)
            throws IOException {
        List<String> pinned = new ArrayList<>();
        // The benchmark is pinned itself, so also a process that is to run anywhere has to be told.
        pinned.addAll(List.of("taskset", "-c", core < 0 ? Setting.PROXY_CORE + "," + Setting.LOAD_CORE : "" + core));
        pinned.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(pinned)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        return new PinnedProcess(name, builder.start(), log);
    }

    String name() {
        return name;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Processor time so far, of all threads and of the children that run. */
    long cpuMicros() {
        return MICROS_PER_TICK * sum("stat", ProcFiles::cpuTicks);
    }

    /** Memory that is in the machine now, of this process and its children. */
    long rssBytes() {
        return sum("status", ProcFiles::rssBytes);
    }

    private long sum(String file, ToLongFunction<String> reader) {
        try (Stream<ProcessHandle> children = process.toHandle().descendants()) {
            long sum = reader.applyAsLong(read(pid(), file));
            for (ProcessHandle child : children.filter(ProcessHandle::isAlive).toList()) {
                sum += reader.applyAsLong(read(child.pid(), file));
            }
            return sum;
        } catch (IOException e) {
            throw new UncheckedIOException(name + " has ended: " + lastOutput(), e);
        }
    }

    private static String read(long pid, String file) throws IOException {
        return Files.readString(Path.of("/proc", Long.toString(pid), file));
    }

    /** The end of what it printed, for a message. */
    String lastOutput() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 10), lines.size()));
        } catch (IOException e) {
            return "(no output: " + e.getMessage() + ")";
        }
    }

    /** Asks it to end, and ends it if it does not. */
    @Override
    public void close() {
        // Killed at once, an nginx would leave its worker behind.
        List<ProcessHandle> children = process.toHandle().descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        children.forEach(ProcessHandle::destroyForcibly);
    }
}
