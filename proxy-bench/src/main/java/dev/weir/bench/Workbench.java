package dev.weir.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A directory, and the processes that a cell starts: gone when it closes, also when the benchmark is interrupted. */
final class Workbench implements AutoCloseable {
    private final Path directory;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Thread onExit = new Thread(this::clear, "bench-exit");
    private int files;

    Workbench() throws IOException {
        directory = Files.createTempDirectory("weir-bench");
        Runtime.getRuntime().addShutdownHook(onExit);
    }

    Path directory() {
        return directory;
    }

    /** A new directory for one server's files. */
    Path directory(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name + "-" + ++files));
    }

    Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(++files + "-" + name), text);
    }

    PinnedProcess start(String name, int core, Map<String, String> environment, List<String> command)
            throws IOException {
        Path log = directory.resolve(++files + "-" + name.replace(' ', '-') + ".log");
        return keep(PinnedProcess.start(name, core, log, environment, command));
    }

    /** Closes {@code resource} at the end. */
    synchronized <T extends AutoCloseable> T keep(T resource) {
        open.push(resource);
        return resource;
    }

    /** Closes {@code resource} now. */
    synchronized void end(AutoCloseable resource) {
        if (open.remove(resource)) {
            closeQuietly(resource);
        }
    }

    @Override
    public void close() {
        clear();
        Runtime.getRuntime().removeShutdownHook(onExit);
    }

    private synchronized void clear() {
        while (!open.isEmpty()) {
            closeQuietly(open.pop());
        }
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void closeQuietly(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            System.err.println("weir-bench: " + resource + " did not end: " + e);
        }
    }
}
