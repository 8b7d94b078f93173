package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.RealPostgres;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.AllowsErrors;
import dev.weir.testing.Await;
import dev.weir.testing.FaultyLink;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A gateway whose PostgreSQL is silent, slow, not to be written, of another version, locked. Going and coming: {@link KeysOutageTest}. */
class PostgresFaultsTest {
    private static final RealPostgres SERVER = RealPostgres.start();
    private static final SimServer SIM = TestGateway.sim(SimKind.OPENAI, "gpt");
    private static final Duration LONG = Duration.ofSeconds(60);

    private static final String READ_ONLY = "read-only";

    /** As PostgreSQL says it, in SQLSTATEs. */
    private static final String DISK_FULL = "53100";

    private static final String PERMISSION_DENIED = "42501";
    private static final String NO_TABLE = "42P01";

    /** No request of a known key takes as long as one time limit of the database. */
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private final String database = SERVER.newDatabase();
    private final FaultyLink link = FaultyLink.to(SERVER.port());
    private final List<String> sent = new ArrayList<>();

    @AfterEach
    void close() {
        link.close();
    }

    @AfterAll
    static void stop() {
        SIM.close();
        SERVER.close();
    }

    private TestGateway start(String settings) {
        TestGateway gateway = TestGateway.start("""
                database: {url: "%s", pool_timeout: 1s, statement_timeout: 1s}
                backends: {a: {url: "%s", kind: openai}}
                models: {gpt: {targets: [{backend: a, model: gpt}]}}
                discover_models: false
                pipeline: [cors, audit, usage, auth, rate_limit, cache, transform]
                %s
                """.formatted(
                        database.replace(":" + SERVER.port() + "/", ":" + link.port() + "/"), SIM.url(), settings));
        Await.until(LONG, "the database is up", () -> isUp(gateway));
        return gateway;
    }

    private static HttpResponse<String> manage(TestGateway gateway, String method, String path, String json) {
        return gateway.send(method, "/management/" + path, json, "authorization", "Bearer " + TestGateway.KEY);
    }

    private static JsonNode newKey(TestGateway gateway) {
        HttpResponse<String> made = manage(gateway, "POST", "keys", "{'name': 'known'}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return json(made);
    }

    private int chat(TestGateway gateway, JsonNode key) {
        String id = "chat-" + sent.size();
        sent.add(id);
        return gateway.send(
                        "POST",
                        "/v1/chat/completions",
                        "{'model': 'gpt', 'max_tokens': 3, 'messages': [{'role': 'user', 'content': 'hi'}]}",
                        "authorization",
                        "Bearer " + key.path("key").asText(),
                        "x-request-id",
                        id)
                .statusCode();
    }

    /** On average each in less than the database may take: so none waited for it, whatever else the machine does. */
    private void chatsPass(TestGateway gateway, JsonNode key, int times) {
        long began = System.nanoTime();
        for (int i = 0; i < times; i++) {
            assertThat(chat(gateway, key)).isEqualTo(200);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(LIMIT.multipliedBy(times));
    }

    private static boolean isUp(TestGateway gateway) {
        return gateway.metric("weir_store_up{store=\"database\",}") == 1;
    }

    private void everyChatIsAuditedOnce(TestGateway gateway) {
        Await.until(LONG, "all is written", () -> audited().size() >= sent.size());
        List<String> audited = audited();
        assertThat(audited).hasSameSizeAs(sent);
        assertThat(new TreeSet<>(audited)).isEqualTo(new TreeSet<>(sent));
        assertThat(gateway.metric("weir_audit_dropped_total{reason=\"refused\",}"))
                .isZero();
    }

    /** As the database has it: the management routes give a thousand at a time, and so often a minute. */
    private List<String> audited() {
        try (Connection connection = DriverManager.getConnection(jdbc());
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery("SELECT request_id FROM audit WHERE request_id LIKE 'chat-%'")) {
            List<String> ids = new ArrayList<>();
            while (rows.next()) {
                ids.add(rows.getString(1));
            }
            return ids;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private void execute(String... statements) {
        try (Connection connection = DriverManager.getConnection(jdbc());
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private String jdbc() {
        return "jdbc:postgresql://127.0.0.1:" + SERVER.port() + "/" + databaseName()
                + "?user=postgres&password=postgres";
    }

    private String databaseName() {
        return database.substring(database.lastIndexOf('/') + 1);
    }

    /** Connections that were made before a setting of the database hold on to the old one. */
    private void cutConnections() {
        execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + databaseName()
                + "' AND pid <> pg_backend_pid()");
    }

    @Test
    void aSilentOneCostsNoRequestOfAKnownKeyAnything() {
        try (TestGateway gateway = start("")) {
            JsonNode key = newKey(gateway);
            chatsPass(gateway, key, 20);

            link.hold();
            Await.until(LONG, "found away", () -> {
                chatsPass(gateway, key, 5);
                return !isUp(gateway);
            });
            chatsPass(gateway, key, 50);
            long began = System.nanoTime();
            assertThat(manage(gateway, "POST", "keys", "{'name': 'new'}").statusCode())
                    .isEqualTo(503);
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .as("refused")
                    .isLessThan(LIMIT);

            link.pass();
            Await.until(LONG, "back", () -> isUp(gateway));
            everyChatIsAuditedOnce(gateway);
        }
    }

    /** Within its time limits, and beyond them. */
    @ParameterizedTest
    @ValueSource(ints = {400, 2_500})
    void aSlowOneCostsNoRequestOfAKnownKeyAnything(int delayMillis) {
        try (TestGateway gateway = start("")) {
            JsonNode key = newKey(gateway);
            Duration delay = Duration.ofMillis(delayMillis);
            link.delay(delay);
            long began = System.nanoTime();
            for (int i = 0; i < 40; i++) {
                assertThat(chat(gateway, key)).isEqualTo(200);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .as("40 requests, none of which waited")
                    .isLessThan(delay.multipliedBy(40));
            int status = manage(gateway, "POST", "keys", "{'name': 'new'}").statusCode();
            assertThat(status).isIn(201, 503);

            link.pass();
            everyChatIsAuditedOnce(gateway);
            Await.until(LONG, "back", () -> isUp(gateway));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {READ_ONLY, DISK_FULL, PERMISSION_DENIED, NO_TABLE})
    @AllowsErrors("that it cannot be written is said once, as an error")
    void oneThatCannotBeWrittenIsReadAndRecordsWaitOnDisk(String fault) {
        try (TestGateway gateway = start("")) {
            JsonNode key = newKey(gateway);
            chatsPass(gateway, key, 20);
            if (fault.equals(READ_ONLY)) {
                SERVER.execute("ALTER DATABASE " + databaseName() + " SET default_transaction_read_only = on");
                cutConnections();
            } else {
                execute(
                        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
                                + " $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '" + fault + "'; END $$",
                        "CREATE TRIGGER fail BEFORE INSERT ON audit_writers FOR EACH ROW EXECUTE FUNCTION fail()");
            }
            Await.until(LONG, "records go to the disk", () -> {
                chatsPass(gateway, key, 5);
                return gateway.metric("weir_audit_spill_bytes") > 0;
            });
            Await.until(
                    LONG,
                    "known keys are looked at",
                    () -> manage(gateway, "GET", "keys", "").statusCode() == 200);

            if (fault.equals(READ_ONLY)) {
                SERVER.execute("ALTER DATABASE " + databaseName() + " RESET default_transaction_read_only");
                cutConnections();
            } else {
                execute("DROP TRIGGER fail ON audit_writers");
            }
            everyChatIsAuditedOnce(gateway);
        }
    }

    @Test
    void whoIsCutOffHonoursARevokedKeyUntilMaxStaleIsOver() {
        String stale = "auth: {keys: {max_stale: 5s}}";
        try (TestGateway cutOff = start(stale);
                TestGateway other = TestGateway.start("""
                        database: {url: "%s"}
                        backends: {a: {url: "%s", kind: openai}}
                        models: {gpt: {targets: [{backend: a, model: gpt}]}}
                        """.formatted(database, SIM.url()))) {
            other.awaitDatabase();
            JsonNode key = newKey(other);
            Await.until(LONG, "known to both", () -> chat(cutOff, key) == 200);
            link.hold();
            assertThat(manage(other, "DELETE", "keys/" + key.path("id").asText(), "")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(chat(other, key)).isEqualTo(401);
            assertThat(chat(cutOff, key)).as("nobody has told it").isEqualTo(200);

            Await.until(LONG, "it does not believe what it knows any more", () -> chat(cutOff, key) == 503);

            link.pass();
            Await.until(LONG, "it knows better", () -> chat(cutOff, key) == 401);
        }
    }

    @Test
    void tablesOfANewerVersionAreUsed() {
        try (TestDatabase test = TestDatabase.at(database)) {
            Await.until(LONG, "up", test.open()::isUp);
            execute(
                    "INSERT INTO weir_schema_history SELECT installed_rank + 1000, '999', 'later', type, 'V999__later.sql',"
                            + " 7, installed_by, installed_on, execution_time, success FROM weir_schema_history"
                            + " WHERE version IS NOT NULL ORDER BY installed_rank DESC LIMIT 1");
            Database older = test.open();
            Await.until(LONG, "up", older::isUp);
        }
    }

    @Test
    void tablesThatAreNotOursAreLeftAloneAndTheReasonIsSaid() {
        try (TestDatabase test = TestDatabase.at(database)) {
            Await.until(LONG, "up", test.open()::isUp);
            execute("UPDATE weir_schema_history SET checksum = 7 WHERE version = '1'");
            Database other = test.openAway();
            assertThat(other.isUp()).isFalse();
            assertThat(other.trouble()).contains("the tables cannot be brought up to date");
        }
    }

    @Test
    void auditThatCannotBeWrittenHoldsUpNobodyElse() throws Exception {
        try (TestGateway gateway = start("");
                Connection locking = DriverManager.getConnection(jdbc());
                Statement statement = locking.createStatement()) {
            JsonNode key = newKey(gateway);
            locking.setAutoCommit(false);
            statement.execute("LOCK TABLE audit IN ACCESS EXCLUSIVE MODE");
            Await.until(LONG, "records go to the disk", () -> {
                chatsPass(gateway, key, 5);
                return gateway.metric("weir_audit_spill_bytes") > 0;
            });
            JsonNode another = newKey(gateway);
            chatsPass(gateway, another, 5);
            assertThat(isUp(gateway)).isTrue();

            locking.rollback();
            everyChatIsAuditedOnce(gateway);
        }
    }

    @Test
    void whateverStandsInANameIsOnlyAName() {
        try (TestGateway gateway = start("")) {
            String name = "'); DROP TABLE api_keys; -- \\u0027 %s ? $1";
            HttpResponse<String> made = manage(gateway, "POST", "keys", "{\"name\": \"" + name + "\"}");
            assertThat(made.statusCode()).as(made.body()).isIn(201, 400);
            int nul = manage(gateway, "POST", "keys", "{'name': 'a\\u0000b'}").statusCode();
            assertThat(nul).isIn(201, 400);
            int large = manage(gateway, "POST", "keys", "{'name': '" + "x".repeat(1 << 20) + "'}")
                    .statusCode();
            assertThat(large).isIn(400, 413);
            JsonNode key = newKey(gateway);
            int status = gateway.send(
                            "POST",
                            "/v1/chat/completions",
                            "{'model': 'x\\u0000\\u0027; DROP TABLE audit; --', 'user': '" + "u".repeat(1 << 20)
                                    + "', 'messages': []}",
                            "authorization",
                            "Bearer " + key.path("key").asText(),
                            "x-request-id",
                            "chat-odd")
                    .statusCode();
            assertThat(status).isBetween(400, 499);
            sent.add("chat-odd");
            chatsPass(gateway, key, 1);
            everyChatIsAuditedOnce(gateway);
        }
    }
}
