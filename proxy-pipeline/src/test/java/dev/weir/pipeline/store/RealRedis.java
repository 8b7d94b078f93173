package dev.weir.pipeline.store;

import dev.weir.testing.Await;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;

/** A Redis process on a loopback port, which can be stopped, started again and made to fall silent. Any thread. */
public final class RealRedis implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(30);

    /** Below the ports that systems hand out, and low enough that 10000 more is a port too, as Cluster wants it. */
    private static final int FIRST_PORT = 20_000;

    private static @Nullable File executable;

    private final int port;
    private final Path directory;
    private final List<String> options;
    private @Nullable Process process;

    private RealRedis(int port, Path directory, List<String> options) {
        this.port = port;
        this.directory = directory;
        this.options = List.copyOf(options);
    }

    /** Starts one; {@code options} are those of {@code redis-server}. */
    public static RealRedis start(String... options) {
        return start(List.of(options));
    }

    static RealRedis start(List<String> options) {
        RealRedis redis = new RealRedis(freePort(), freshDirectory(), options);
        redis.restart();
        return redis;
    }

    /** A Sentinel: the same program with a file that it writes itself. */
    static RealRedis sentinel(String... configuration) {
        int port = freePort();
        Path directory = freshDirectory();
        Path file = directory.resolve("sentinel.conf");
        try {
            Files.write(file, List.of(configuration));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        RealRedis redis = new RealRedis(port, directory, List.of(file.toString(), "--sentinel"));
        redis.restart();
        return redis;
    }

    public int port() {
        return port;
    }

    /** Its URL, without a password. */
    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    /** Kills it: what it held is gone. */
    public synchronized void stop() {
        if (process != null) {
            process.destroyForcibly();
            try {
                if (!process.waitFor(10, TimeUnit.SECONDS)) {
                    throw new AssertionError("redis " + process.pid() + " does not end");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            process = null;
        }
    }

    /** Starts it on the same port again, empty. */
    public synchronized void restart() {
        launch(List.of());
        awaitAnswer("+PONG", "-NOAUTH");
    }

    /** Starts it again with all that it holds, so much that it loads for eight seconds. */
    public synchronized void restartLoading() {
        // While it loads it answers after each 2 MiB.
        say("DEBUG", "POPULATE", "160", "filler", "100000");
        say("CONFIG", "SET", "rdbcompression", "no");
        if (!say("SAVE").startsWith("+OK")) {
            throw new AssertionError("redis does not save what it holds");
        }
        launch(List.of("--key-load-delay", "50000"));
        awaitAnswer("-LOADING");
    }

    private void awaitAnswer(String... beginnings) {
        Await.until(START, "redis answers on port " + port + ", see " + directory, () -> {
            String answer = say("PING");
            return Stream.of(beginnings).anyMatch(answer::startsWith);
        });
    }

    private void launch(List<String> more) {
        stop();
        List<String> command = new ArrayList<>();
        command.add(executable().getPath());
        boolean sentinel = options.contains("--sentinel");
        if (!sentinel) {
            command.addAll(List.of("--save", "", "--appendonly", "no"));
        } else {
            command.add(options.get(0));
        }
        command.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1"));
        command.addAll(sentinel ? options.subList(1, options.size()) : options);
        command.addAll(more);
        try {
            Process started = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("redis.log").toFile())
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
            process = started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has it fall silent with its connections open, as a machine that vanished. */
    public void pause() {
        signal("STOP");
    }

    /** The end of {@link #pause}. */
    public void resume() {
        signal("CONT");
    }

    private synchronized void signal(String name) {
        if (process == null) {
            throw new IllegalStateException("redis is not running");
        }
        try {
            Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
            if (kill.waitFor() != 0) {
                throw new AssertionError("kill -" + name + " failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Sends one command on a connection of its own; returns the beginning of the answer, empty when there is none. */
    public String say(String... words) {
        StringBuilder request = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            request.append('$')
                    .append(word.length())
                    .append("\r\n")
                    .append(word)
                    .append("\r\n");
        }
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 2_000);
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.US_ASCII));
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[16 * 1024];
            int read = in.read(buffer);
            if (read > 0) {
                answer.write(buffer, 0, read);
            }
            return answer.toString(StandardCharsets.US_ASCII);
        } catch (IOException notThere) {
            return "";
        }
    }

    private static synchronized File executable() {
        try {
            File known = executable;
            if (known == null) {
                known = ExecutableProvider.newJarResourceProvider().get();
                executable = known;
            }
            return known;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() {
        while (true) {
            int port = FIRST_PORT + ThreadLocalRandom.current().nextInt(2_700);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                    ServerSocket bus = new ServerSocket(port + 10_000, 1, InetAddress.getLoopbackAddress())) {
                return probe.isBound() && bus.isBound() ? port : 0;
            } catch (IOException taken) {
                Thread.onSpinWait();
            }
        }
    }

    private static Path freshDirectory() {
        try {
            Path target = Path.of(System.getProperty("basedir", "."), "target").toAbsolutePath();
            return Files.createTempDirectory(Files.createDirectories(target), "redis");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        stop();
    }
}
