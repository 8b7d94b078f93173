package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.pipeline.audit.AuditTable.Written;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.testing.AllowsErrors;
import dev.weir.testing.Await;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Database.Kind.class)
@AllowsErrors("a record the database refuses is logged")
final class AuditTableTest {
    private static final long DAY_MILLIS = 86_400_000;

    private final TestDatabase test;
    private final Database database;
    private final AuditTable table;

    AuditTableTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
        database = test.open();
        table = new AuditTable(database);
    }

    @AfterEach
    void stop() {
        test.close();
    }

    private static List<AuditRow> rows(long from, long to) {
        return LongStream.rangeClosed(from, to)
                .mapToObj(sequence -> SpillTest.row(sequence, "b"))
                .toList();
    }

    static AuditRow at(AuditRow row, long timeMillis) {
        AuditEntry entry = row.entry();
        return new AuditRow(
                row.sequence(),
                new AuditEntry(
                        timeMillis,
                        entry.requestId(),
                        entry.sender(),
                        entry.call(),
                        entry.service(),
                        new AuditEntry.Result(200, "answered", "", ""),
                        entry.timing(),
                        entry.traffic(),
                        entry.request(),
                        entry.response()),
                row.title(),
                row.alone());
    }

    @Test
    void rowsAreWrittenOnceHoweverOftenTheyCome() throws Exception {
        assertThat(table.write("w", SpillTest.stored(rows(1, 10)))).isEqualTo(new Written(10, 0));
        assertThat(table.write("w", SpillTest.stored(rows(1, 10)))).isEqualTo(new Written(0, 0));
        assertThat(table.write("w", SpillTest.stored(rows(6, 15)))).isEqualTo(new Written(5, 0));
        assertThat(table.write("another", SpillTest.stored(rows(1, 3)))).isEqualTo(new Written(3, 0));

        assertThat(AuditInstance.written(database)).hasSize(18);
        assertThat(table.sequence("w")).isEqualTo(15);
        assertThat(table.sequence("nobody")).isZero();
    }

    @Test
    void everySignComesBackAsItWas() throws Exception {
        String signs = IntStream.range(1, 0x250).mapToObj(Character::toString).collect(Collectors.joining())
                + "\\N \\. null \u20ac \ud83d\ude00 ,]\"";
        List<String> texts = List.of(signs, "", "\\N", "null", "\\.", "]", "\"", "x".repeat(200_000) + "\t\n");
        List<AuditRow> rows = new ArrayList<>();
        for (String text : texts) {
            AuditRow row = SpillTest.row(2L * rows.size() + 1, text);
            AuditEntry entry = row.entry();
            rows.add(new AuditRow(
                    rows.size() + 1,
                    new AuditEntry(
                            entry.timeMillis(),
                            entry.requestId(),
                            entry.sender(),
                            entry.call(),
                            entry.service(),
                            new AuditEntry.Result(502, "cut", "", text.substring(0, Math.min(text.length(), 700))),
                            entry.timing(),
                            entry.traffic(),
                            new AuditEntry.Body(text, false),
                            null),
                    "",
                    false));
        }

        table.write("w", SpillTest.stored(rows));

        List<List<String>> read = database.read(connection -> {
            List<List<String>> all = new ArrayList<>();
            try (Statement statement = connection.createStatement();
                    ResultSet found = statement.executeQuery(
                            "SELECT request_body, error_message, response_body FROM audit ORDER BY id")) {
                while (found.next()) {
                    assertThat(found.getString(3)).isNull();
                    all.add(List.of(found.getString(1), found.getString(2)));
                }
            }
            return all;
        });
        assertThat(read)
                .isEqualTo(texts.stream()
                        .map(text -> List.of(text, text.substring(0, Math.min(text.length(), 700))))
                        .toList());
    }

    @Test
    void aRowThatTheDatabaseDoesNotTakeIsLeftOutAlone() throws Exception {
        database.write(connection -> connection
                .createStatement()
                .execute(
                        database.kind() == Database.Kind.SQLITE
                                ? "CREATE TRIGGER no7 BEFORE INSERT ON audit_rows WHEN instr(NEW.rows, '\"r7\"')"
                                        + " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
                                : "ALTER TABLE audit ADD CONSTRAINT no7 CHECK (request_id <> 'r7')"));

        assertThat(table.write("w", SpillTest.stored(rows(1, 10)))).isEqualTo(new Written(9, 1));
        assertThat(AuditInstance.written(database)).hasSize(9).doesNotContain("r7");

        assertThat(table.write("another", SpillTest.stored(rows(1, 7)))).isEqualTo(new Written(6, 1));
        assertThat(table.sequence("another")).as("told, so not lost in a crash").isEqualTo(7);
    }

    @Test
    void noRowIsGivenUpBecauseTheTableIsNotAsItShouldBe() throws Exception {
        boolean pages = database.kind() == Database.Kind.SQLITE;
        String table = pages ? "audit_pages" : "audit";
        String column = pages ? "terms" : "path";
        rename(table, column, "away");
        assertThatThrownBy(() -> this.table.write("w", SpillTest.stored(rows(1, 3))))
                .isInstanceOf(DatabaseAwayException.class)
                .hasMessageContaining(column);

        rename(table, "away", column);
        assertThat(this.table.write("w", SpillTest.stored(rows(1, 3)))).isEqualTo(new Written(3, 0));
    }

    private void rename(String table, String column, String to) throws Exception {
        database.write(connection -> connection
                .createStatement()
                .execute("ALTER TABLE " + table + " RENAME COLUMN " + column + " TO " + to));
    }

    @Test
    void instancesThatWriteTheSameConversationsDoNotStopEachOther() throws Exception {
        AuditTable other = new AuditTable(test.open());
        CompletableFuture<Integer> theirs = CompletableFuture.supplyAsync(() -> writeAll(other, "w2"));
        assertThat(writeAll(table, "w1")).isEqualTo(300);
        assertThat(theirs.get()).isEqualTo(300);
        assertThat(AuditInstance.written(database)).hasSize(600);
    }

    private static int writeAll(AuditTable table, String writer) {
        int written = 0;
        for (int i = 0; i < 30; i++) {
            List<AuditRow> rows = rows(i * 10 + 1, i * 10 + 10).stream()
                    .map(row -> at(row, 1_000))
                    .toList();
            try {
                written += table.write(writer, SpillTest.stored(rows)).rows();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        return written;
    }

    @Test
    void whatIsOutOfTimeIsRemoved() throws Exception {
        long now = System.currentTimeMillis();
        table.write("old", SpillTest.stored(List.of(at(SpillTest.row(1, "b"), now - 10 * DAY_MILLIS))));
        table.write("old", SpillTest.stored(List.of(at(SpillTest.row(2, "b"), now - 5 * DAY_MILLIS))));
        table.write("new", SpillTest.stored(List.of(at(SpillTest.row(3, "b"), now))));

        new AuditRetention(database).removeOlderThan(7 * DAY_MILLIS);

        assertThat(AuditInstance.written(database)).containsExactly("r2", "r3");

        new AuditRetention(database).removeOlderThan(DAY_MILLIS);

        assertThat(AuditInstance.written(database)).containsExactly("r3");
        assertThat(table.write("old", SpillTest.stored(List.of(at(SpillTest.row(4, "b"), now - 5 * DAY_MILLIS)))))
                .isEqualTo(new Written(1, 0));
    }

    @Test
    void manyRowsAreRemovedSliceBySliceWhileOthersAreWritten() throws Exception {
        long now = System.currentTimeMillis();
        for (int i = 0; i < 6; i++) {
            table.write(
                    "old",
                    SpillTest.stored(rows(i * 500 + 1, i * 500 + 500).stream()
                            .map(row -> at(row, now - 2 * DAY_MILLIS))
                            .toList()));
        }
        CompletableFuture<Void> removal =
                CompletableFuture.runAsync(() -> new AuditRetention(database).removeOlderThan(DAY_MILLIS));
        for (int i = 0; i < 20; i++) {
            table.write("new", SpillTest.stored(List.of(at(SpillTest.row(i + 1, "b"), now))));
        }
        removal.get();

        Await.until("what could not be removed beside them is removed next time", () -> {
            new AuditRetention(database).removeOlderThan(DAY_MILLIS);
            return AuditInstance.written(database).size() == 20;
        });
    }
}
