package dev.weir.server;

import dev.weir.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Weir's command line in a process of its own, on the class path of the tests. Every wait has a deadline. Any thread. */
final class WeirProcess implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Pattern LISTENS = Pattern.compile("listens on (?:http://)?127\\.0\\.0\\.1:(\\d+)");

    private final Process process;
    private final List<String> output = new CopyOnWriteArrayList<>();
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private final List<Thread> readers;

    private WeirProcess(Process process) {
        this.process = process;
        this.readers = List.of(reader(process.getInputStream(), output), reader(process.getErrorStream(), errors));
    }

    static WeirProcess start(Map<String, String> environment, String... arguments) {
        return start(List.of(), environment, arguments);
    }

    /** Starts a JVM with {@code options}, which may have a class path of their own; the environment is that of the tests without Weir's variables, and what is given. */
    static WeirProcess start(List<String> options, Map<String, String> environment, String... arguments) {
        List<String> where = new ArrayList<>(options);
        // As the manifest of the jar has it.
        where.add("--enable-native-access=ALL-UNNAMED");
        if (!where.contains("-cp")) {
            where.addAll(List.of("-cp", System.getProperty("java.class.path")));
        }
        where.add(Main.class.getName());
        return run(List.of(), where, environment, arguments);
    }

    /** Has another program start it, in whose place it comes. */
    static WeirProcess startBy(List<String> launcher, Map<String, String> environment, String... arguments) {
        List<String> where = List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName());
        return run(launcher, where, environment, arguments);
    }

    /** Starts with so many file descriptors at most. */
    static WeirProcess startWithDescriptors(int most, String... arguments) {
        List<String> where = List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName());
        return run(List.of("sh", "-c", "ulimit -n " + most + " && exec \"$@\"", "sh"), where, Map.of(), arguments);
    }

    /** Runs the finished jar. */
    static WeirProcess ofJar(Path jar, String... arguments) {
        return run(List.of(), List.of("-jar", jar.toString()), Map.of(), arguments);
    }

    private static WeirProcess run(
            List<String> launcher, List<String> options, Map<String, String> environment, String... arguments) {
        List<String> command = new ArrayList<>(launcher);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(options);
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("WEIR_") || name.equals("STATE_DIRECTORY"));
        try {
            builder.environment().put("STATE_DIRECTORY", stateDirectory().toString());
            builder.environment().putAll(environment);
            return new WeirProcess(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path stateDirectory() throws IOException {
        Path target = Path.of(System.getProperty("basedir", "."), "target").toAbsolutePath();
        return Files.createTempDirectory(Files.createDirectories(target), "state");
    }

    private static Thread reader(InputStream in, List<String> lines) {
        Thread thread = new Thread(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
                reader.lines().forEach(lines::add);
            } catch (IOException | UncheckedIOException processEnded) {
                // What was read is kept.
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** The port it says it listens on. */
    int awaitPort() {
        Matcher found = LISTENS.matcher(awaitLine(LISTENS));
        if (!found.find()) {
            throw new AssertionError(this);
        }
        return Integer.parseInt(found.group(1));
    }

    /** The first line of its standard output that the pattern is found in. */
    String awaitLine(Pattern pattern) {
        Await.until(LIMIT, "\"" + pattern + "\" in " + this, () -> line(pattern).isPresent() || !process.isAlive());
        join();
        return line(pattern).orElseThrow(() -> new AssertionError("ended without \"" + pattern + "\": " + this));
    }

    private Optional<String> line(Pattern pattern) {
        return output.stream().filter(line -> pattern.matcher(line).find()).findFirst();
    }

    /** Sends TERM, HUP and the like. */
    void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .start()
                    .waitFor(5, TimeUnit.SECONDS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Its exit code; all it has printed has been read by then. */
    int awaitExit() {
        try {
            if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("still running: " + this);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        join();
        return process.exitValue();
    }

    private void join() {
        if (process.isAlive()) {
            return;
        }
        for (Thread reader : readers) {
            try {
                reader.join(5_000);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    List<String> output() {
        return List.copyOf(output);
    }

    List<String> errors() {
        return List.copyOf(errors);
    }

    /** The CPU time the process has used. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** What other users of the machine see of it: its command and the arguments. */
    String commandLine() {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
                    .replace('\0', ' ');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The memory of the process that is in RAM. */
    long residentBytes() {
        try (var lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        join();
    }

    @Override
    public String toString() {
        return "out:\n" + String.join("\n", output) + "\nerr:\n" + String.join("\n", errors);
    }
}
