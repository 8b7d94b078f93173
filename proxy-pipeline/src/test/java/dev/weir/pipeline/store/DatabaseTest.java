package dev.weir.pipeline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.pipeline.store.Database.Kind;
import dev.weir.testing.Await;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds on SQLite and on PostgreSQL. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class DatabaseTest {
    private static final String SLOW_IN_SQLITE =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    private final Kind kind;
    private final TestDatabase test;

    DatabaseTest(Kind kind) {
        this.kind = kind;
        test = TestDatabase.of(kind);
    }

    @AfterEach
    void close() {
        test.close();
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static int update(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    private static int raise(Connection connection) throws SQLException {
        return update(connection, "UPDATE key_version SET version = version + 1");
    }

    private static long version(Database database) throws DatabaseAwayException, SQLException {
        return database.read(connection -> number(connection, "SELECT version FROM key_version"));
    }

    private long slow(Connection connection) throws SQLException {
        return number(connection, kind == Kind.SQLITE ? SLOW_IN_SQLITE : "SELECT 1 FROM pg_sleep(60)");
    }

    @Test
    void theTablesAreThereOnceItIsUp() throws Exception {
        Database database = test.open();

        assertThat(database.kind()).isEqualTo(kind);
        assertThat(database.trouble()).isNull();
        long keys = database.read(connection -> number(connection, "SELECT count(*) FROM api_keys"));
        assertThat(keys).isZero();
        assertThat(version(database)).isZero();
    }

    @Test
    void whatWasWrittenIsReadByOthers() throws Exception {
        Database one = test.open();
        Database other = test.open();

        int raised = one.write(DatabaseTest::raise);

        assertThat(raised).isOne();
        assertThat(version(other)).isOne();
    }

    @Test
    void aTransactionThatFailsLeavesNothing() throws Exception {
        Database database = test.open();

        assertThatThrownBy(() -> database.write(connection -> {
                    raise(connection);
                    return number(connection, "SELECT nothing FROM nowhere");
                }))
                .isInstanceOf(SQLException.class);
        assertThatThrownBy(() -> database.write(connection -> {
                    raise(connection);
                    throw new IllegalStateException("changed my mind");
                }))
                .hasMessage("changed my mind");

        assertThat(version(database)).isZero();
        assertThat(database.isUp()).isTrue();
    }

    @Test
    void whoReadsCannotWrite() throws Exception {
        Database database = test.open();

        assertThatThrownBy(() -> database.read(DatabaseTest::raise)).isInstanceOf(SQLException.class);

        assertThat(version(database)).isZero();
        database.write(DatabaseTest::raise);
        assertThat(version(database)).isOne();
    }

    @Test
    void aStatementThatTakesTooLongIsStopped() throws Exception {
        Database.Settings settings = new Database.Settings(test.url(), test.directory(), 2, 5_000, 300);
        try (Database database = Database.open(settings)) {
            Await.until(Duration.ofSeconds(30), "up", database::isUp);

            assertThatThrownBy(() -> database.read(this::slow))
                    .isInstanceOf(DatabaseAwayException.class)
                    .hasMessageContaining("too slow");
            assertThatThrownBy(() -> database.write(this::slow)).isInstanceOf(DatabaseAwayException.class);

            assertThat(database.isUp()).isTrue();
            assertThat(version(database)).isZero();
        }
    }

    @Test
    void theTimeLimitIsOfOneTransactionOnly() throws Exception {
        Database database = test.open();
        assertThatThrownBy(() -> database.scan(50, this::slow)).isInstanceOf(DatabaseAwayException.class);

        long hundredThousand = database.read(
                connection -> number(
                        connection,
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT count(*) FROM n"));

        assertThat(hundredThousand).isEqualTo(400_000);
    }

    @Test
    void writersAtOnceTakeTurns() throws Exception {
        List<Database> instances = List.of(test.open(), test.open());
        List<CompletableFuture<Integer>> raised = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            raised.add(instances.get(i % 2).writeLater(DatabaseTest::raise));
        }

        for (CompletableFuture<Integer> one : raised) {
            assertThat(one.get(30, TimeUnit.SECONDS)).isOne();
        }
        assertThat(version(instances.get(0))).isEqualTo(40);
    }

    @Test
    void instancesThatStartAtOnceMakeTheTablesOnce() throws Exception {
        List<CompletableFuture<Database>> starting = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            starting.add(CompletableFuture.supplyAsync(() -> Database.open(test.settings())));
        }
        for (CompletableFuture<Database> start : starting) {
            try (Database database = start.get(30, TimeUnit.SECONDS)) {
                Await.until(Duration.ofSeconds(30), "up", database::isUp);
                assertThat(version(database)).isZero();
            }
        }
    }

    @Test
    void whatWaitsIsDoneBeforeItCloses() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Database database = test.open();
        List<CompletableFuture<Integer>> waiting = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            waiting.add(database.writeLater(connection -> {
                begun.countDown();
                return raise(connection);
            }));
        }
        begun.await();

        database.close();

        assertThat(waiting)
                .allSatisfy(one -> assertThat(one.isDone() && !one.isCompletedExceptionally())
                        .isTrue());
        assertThat(version(test.open())).isEqualTo(20);
    }
}
