package dev.weir.pipeline.store;

import dev.weir.testing.Await;
import dev.weir.testing.TestCertificate;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server of its own, version 14, on a port of the loopback interface that it keeps through {@link #stop} and
 * {@link #restart}. {@link #shared} is the one for tests that only need databases; who stops a server starts one. Any thread.
 */
public final class RealPostgres implements AutoCloseable {
    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static final Duration START = Duration.ofSeconds(60);

    private final Path directory;
    private final int port;
    private final @Nullable TestCertificate certificate;
    private @Nullable EmbeddedPostgres server;

    private static final class Shared {
        static final RealPostgres SERVER = startUntilExit();

        private static RealPostgres startUntilExit() {
            RealPostgres server = start();
            Runtime.getRuntime().addShutdownHook(new Thread(server::close, "stop-postgres"));
            return server;
        }
    }

    private RealPostgres(@Nullable TestCertificate certificate) {
        this.certificate = certificate;
        try {
            directory = Files.createTempDirectory("weir-postgres");
            server = run(0);
            port = server.getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The one server of this JVM; nobody stops it. */
    public static RealPostgres shared() {
        return Shared.SERVER;
    }

    /** A server for the caller alone, who closes it. */
    public static RealPostgres start() {
        return new RealPostgres(null);
    }

    /** A server for the caller alone, which speaks TLS with who asks for it, and shows {@code certificate}. */
    public static RealPostgres startWithTls(TestCertificate certificate) {
        return new RealPostgres(certificate);
    }

    private EmbeddedPostgres run(int atPort) throws IOException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder();
        if (certificate != null) {
            builder.setServerConfig("ssl", "on")
                    .setServerConfig("ssl_cert_file", certificate.pem().toString())
                    .setServerConfig("ssl_key_file", certificate.keyPem().toString());
        }
        return builder.setDataDirectory(directory)
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setServerConfig("fsync", "off")
                // What is committed survives kill(), as it does in every server that is not told otherwise.
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("max_connections", "200")
                // Its lock would stay when the server is killed.
                .setServerConfig("unix_socket_directories", "")
                .setPGStartupWait(START)
                .setPort(atPort)
                .start();
    }

    /** Makes an empty database and returns its URL, as {@code database.url} wants it. */
    public String newDatabase() {
        String name = "weir" + DATABASES.incrementAndGet();
        execute("CREATE DATABASE " + name);
        return url(name);
    }

    private String url(String database) {
        return "postgresql://postgres:postgres@127.0.0.1:" + port + "/" + database;
    }

    public int port() {
        return port;
    }

    /** Has the superuser run {@code sql}, outside of any transaction. */
    public synchronized void execute(String sql) {
        EmbeddedPostgres running = server;
        if (running == null) {
            throw new IllegalStateException("the server is stopped");
        }
        try (Connection connection = running.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    /** The number that {@code sql} finds, asked by the superuser. */
    public synchronized long count(String sql) {
        EmbeddedPostgres running = server;
        if (running == null) {
            throw new IllegalStateException("the server is stopped");
        }
        try (Connection connection = running.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getLong(1) : 0;
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    /** Stops the server: its connections break, new ones are refused. What was committed stays. */
    public synchronized void stop() {
        if (server != null) {
            try {
                server.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            server = null;
        }
    }

    /** Kills all its processes, as {@code kill -9} does: whatever was under way is neither ended nor answered. */
    public synchronized void kill() {
        Path pidFile = directory.resolve("postmaster.pid");
        try {
            ProcessHandle postmaster = ProcessHandle.of(
                            Long.parseLong(Files.readAllLines(pidFile).get(0).strip()))
                    .orElseThrow();
            List<ProcessHandle> all = new ArrayList<>(postmaster.descendants().toList());
            all.add(0, postmaster);
            all.forEach(ProcessHandle::destroyForcibly);
            Await.until(START, "nobody listens on port " + port, () -> !listens());
            Files.delete(pidFile);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        stop();
    }

    private boolean listens() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException refused) {
            return false;
        }
    }

    /** Starts it again, at the same port and with the same databases. */
    public synchronized void restart() {
        if (server == null) {
            try {
                server = run(port);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() {
        stop();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(RealPostgres::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
