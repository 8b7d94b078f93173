package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.core.GatewayException;
import dev.weir.pipeline.auth.ApiKey.Issued;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.pipeline.store.RealPostgres;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.testing.Await;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Keys behind PgBouncer, which gives every transaction another session. Needs its program: {@code
 * -Dweir.pgbouncer=/usr/sbin/pgbouncer}.
 */
@EnabledIfSystemProperty(named = "weir.pgbouncer", matches = "/.+")
final class PgBouncerTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private Process start(int port) throws IOException {
        Path users = Files.writeString(directory.resolve("users.txt"), "\"postgres\" \"postgres\"\n");
        Path ini = Files.writeString(directory.resolve("pgbouncer.ini"), """
                [databases]
                * = host=127.0.0.1 port=%d
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = trust
                auth_file = %s
                pool_mode = transaction
                default_pool_size = 3
                ignore_startup_parameters = extra_float_digits
                """.formatted(
                        RealPostgres.shared().port(), port, users));
        // It does not run as root.
        return new ProcessBuilder("unshare", "-U", System.getProperty("weir.pgbouncer"), ini.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("pgbouncer.log").toFile())
                .start();
    }

    private static int slow(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_sleep(30)");
            return 1;
        }
    }

    @Test
    void keysAreMadeAndFollowedAndTimeIsLimited() throws Exception {
        String direct = RealPostgres.shared().newDatabase();
        int port = freePort();
        String url = direct.replaceFirst(":\\d+/", ":" + port + "/");
        Process bouncer = start(port);
        try (TestDatabase test = TestDatabase.at(url)) {
            Database one = test.open();
            Database other = test.open();
            ApiKeys keys = new ApiKeys(one, "sk-weir-", () -> {});
            try (StoredKeys stored = new StoredKeys(other, test.directory().resolve("copy"))) {
                stored.settings(Duration.ofMillis(500), Duration.ZERO);
                Issued issued = keys.create(KeySpec.named("bounced"));
                byte[] digest = KeyDigest.ofSent(issued.secret());
                Await.until(LONG, "known by polling", () -> found(stored, digest));

                List<CompletableFuture<Integer>> many = new ArrayList<>();
                for (int i = 0; i < 50; i++) {
                    many.add(other.later(() -> keys.list(false, 10, null).size()));
                }
                for (CompletableFuture<Integer> answer : many) {
                    assertThat(answer.get(30, TimeUnit.SECONDS)).isOne();
                }
                assertThatThrownBy(() -> Database.open(new Database.Settings(url, test.directory(), 2, 5_000, 500))
                                .read(PgBouncerTest::slow))
                        .isInstanceOf(DatabaseAwayException.class)
                        .hasMessageContaining("too slow");

                keys.revoke(issued.key().id());
                Await.until(LONG, "revoked by polling", () -> !found(stored, digest));
            }
        } finally {
            bouncer.destroy();
            assertThat(bouncer.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static boolean found(StoredKeys stored, byte[] digest) {
        try {
            return stored.find(digest) != null;
        } catch (GatewayException e) {
            return false;
        }
    }
}
