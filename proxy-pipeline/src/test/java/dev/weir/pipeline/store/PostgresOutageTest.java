package dev.weir.pipeline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.Await;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A PostgreSQL server that comes and goes. */
final class PostgresOutageTest {
    private static final RealPostgres SERVER = RealPostgres.start();
    private static final Duration LONG = Duration.ofSeconds(60);

    @AfterAll
    static void stop() {
        SERVER.close();
    }

    @Test
    void itIsAwayAndComesBackByItself() throws Exception {
        try (TestDatabase test = TestDatabase.at(SERVER.newDatabase())) {
            AtomicInteger ups = new AtomicInteger();
            Database database = test.open();
            database.whenUp(ups::incrementAndGet);
            database.write(connection -> connection.createStatement().execute("UPDATE key_version SET version = 7"));

            SERVER.stop();

            Await.until(LONG, "found away", () -> !database.isUp());
            assertThat(database.trouble()).isNotNull();
            assertThatThrownBy(() -> database.read(connection -> 1))
                    .isInstanceOf(DatabaseAwayException.class)
                    .hasMessageContaining("away");

            SERVER.restart();

            Await.until(LONG, "told that it is up", () -> ups.get() == 1);
            assertThat(database.trouble()).isNull();
            assertThat(database.<Boolean>read(connection -> {
                        try (var rows = connection.createStatement().executeQuery("SELECT version FROM key_version")) {
                            return rows.next() && rows.getLong(1) == 7;
                        }
                    }))
                    .isTrue();
        }
    }

    @Test
    void oneThatIsAwayAtTheStartIsWaitedFor() {
        String url = SERVER.newDatabase();
        SERVER.stop();
        try (TestDatabase test = TestDatabase.at(url)) {
            Database database = test.openAway();
            assertThat(database.isUp()).isFalse();
            assertThat(database.trouble()).isNotNull().doesNotContain("postgres:postgres");

            SERVER.restart();

            Await.until(LONG, "up", database::isUp);
        }
    }

    @Test
    void aConnectionThatTheServerCutsCostsOneTransactionAtMost() throws Exception {
        try (TestDatabase test = TestDatabase.at(SERVER.newDatabase())) {
            Database database = test.open();
            database.read(connection -> 1);

            SERVER.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weir'");

            Await.until(LONG, "works again", () -> {
                try {
                    return database.read(connection -> 1) == 1;
                } catch (Exception e) {
                    return false;
                }
            });
        }
    }
}
