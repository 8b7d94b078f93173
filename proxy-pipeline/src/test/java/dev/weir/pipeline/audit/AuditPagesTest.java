package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.audit.AuditEntry.Body;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.testing.AllowsErrors;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How records come into pages on SQLite. */
final class AuditPagesTest {
    private static final long HOUR_MILLIS = 3_600_000;

    private final TestDatabase test = TestDatabase.of(Database.Kind.SQLITE);
    private final Database database = test.open();
    private final AuditTable table = new AuditTable(database);

    @AfterEach
    void stop() {
        test.close();
    }

    private static List<AuditRow> rows(long from, long to) {
        return LongStream.rangeClosed(from, to)
                .mapToObj(number -> AuditTableTest.at(SpillTest.row(number, "b"), number))
                .toList();
    }

    private static List<String> ids(long from, long to) {
        return LongStream.rangeClosed(from, to).mapToObj(number -> "r" + number).toList();
    }

    private List<Long> numbers(String sql) throws Exception {
        return database.read(connection -> {
            List<Long> numbers = new ArrayList<>();
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    numbers.add(rows.getLong(1));
                }
            }
            return numbers;
        });
    }

    private List<Long> sizes() throws Exception {
        return numbers("SELECT records FROM audit_pages ORDER BY id");
    }

    @Test
    void aBatchIsAPage() throws Exception {
        table.write("w", SpillTest.stored(rows(1, 300)));
        table.write("w", SpillTest.stored(rows(301, 600)));

        assertThat(sizes()).containsExactly(300L, 300L);
        assertThat(AuditInstance.written(database)).isEqualTo(ids(1, 600));
    }

    @Test
    void recordsThatComeOneByOneMakeFewPages() throws Exception {
        for (int i = 1; i <= 333; i++) {
            table.write("w", SpillTest.stored(rows(i, i)));
        }

        assertThat(sizes()).as("as 333 is made of powers of two").containsExactly(256L, 64L, 8L, 4L, 1L);
        assertThat(AuditInstance.written(database)).isEqualTo(ids(1, 333));
    }

    @Test
    void aPageDoesNotGrowBeyondItsBounds() throws Exception {
        for (int i = 1; i <= 8; i++) {
            AuditRow small = SpillTest.row(i, "b");
            AuditEntry entry = small.entry();
            table.write(
                    "w",
                    SpillTest.stored(List.of(new AuditRow(
                            i,
                            new AuditEntry(
                                    i,
                                    entry.requestId(),
                                    entry.sender(),
                                    entry.call(),
                                    entry.service(),
                                    entry.result(),
                                    entry.timing(),
                                    entry.traffic(),
                                    new Body("x".repeat(200 * 1024), false),
                                    null),
                            "",
                            false))));
        }

        assertThat(numbers("SELECT octet_length(rows) FROM audit_rows")).allMatch(bytes -> bytes <= 1024 * 1024);
        assertThat(sizes()).containsExactly(4L, 4L);
    }

    @Test
    void aPageSpansAnHourAtMost() throws Exception {
        table.write("w", SpillTest.stored(List.of(AuditTableTest.at(SpillTest.row(1, "b"), 0))));
        table.write("w", SpillTest.stored(List.of(AuditTableTest.at(SpillTest.row(2, "b"), HOUR_MILLIS + 1))));
        table.write("w", SpillTest.stored(List.of(AuditTableTest.at(SpillTest.row(3, "b"), 2 * HOUR_MILLIS))));

        assertThat(sizes()).containsExactly(1L, 2L);
        assertThat(numbers("SELECT first_time FROM audit_pages ORDER BY id")).containsExactly(0L, HOUR_MILLIS + 1);
        assertThat(numbers("SELECT last_time FROM audit_pages ORDER BY id")).containsExactly(0L, 2 * HOUR_MILLIS);
    }

    @Test
    void aBatchBeyondThoseBoundsMakesSeveralPages() throws Exception {
        table.write(
                "w",
                SpillTest.stored(LongStream.rangeClosed(1, 400)
                        .mapToObj(number -> AuditTableTest.at(
                                SpillTest.row(number, "x".repeat(4_000)), number > 390 ? HOUR_MILLIS * 2 : 1))
                        .toList()));

        assertThat(numbers("SELECT octet_length(rows) FROM audit_rows")).allMatch(bytes -> bytes <= 1024 * 1024);
        assertThat(numbers("SELECT last_time - first_time FROM audit_pages")).allMatch(span -> span <= HOUR_MILLIS);
        assertThat(sizes()).hasSizeGreaterThan(2).contains(10L);
        assertThat(AuditInstance.written(database)).isEqualTo(ids(1, 400));
    }

    @Test
    void recordsThatSomebodyLeftWithoutTheirPageAreInNobodysWay() throws Exception {
        table.write("w", SpillTest.stored(rows(1, 3)));
        database.write(connection -> connection.createStatement().execute("DROP TRIGGER audit_pages_removed"));
        database.write(connection -> connection.createStatement().execute("DELETE FROM audit_pages"));

        table.write("w", SpillTest.stored(rows(4, 5)));

        assertThat(AuditInstance.written(database)).containsExactly("r4", "r5");
    }

    @Test
    @AllowsErrors("a damaged page is logged")
    void aDamagedPageHidesNoOther() throws Exception {
        for (int i = 0; i < 3; i++) {
            table.write("w", SpillTest.stored(rows(i * 500 + 1, i * 500 + 500)));
        }
        database.write(connection -> connection
                .createStatement()
                .execute("UPDATE audit_rows SET rows = substr(rows, 1, 999) WHERE page = 501"));

        AuditQueries queries = new AuditQueries(database, new AuditWriter(database, new TestMeters()));
        assertThat(queries.list(AuditSearch.ALL, 2_000, null).rows())
                .extracting(AuditEntry::requestId)
                .containsAll(ids(1_001, 1_500))
                .containsAll(ids(1, 500));
        assertThat(queries.find("r1000")).isEmpty();
        assertThat(queries.find("r1")).isPresent();
    }

    @Test
    @AllowsErrors("a page without its records is logged")
    void aPageWithoutItsRecordsHidesNoOther() throws Exception {
        for (int i = 0; i < 3; i++) {
            table.write("w", SpillTest.stored(rows(i * 500 + 1, i * 500 + 500)));
        }
        database.write(connection -> connection.createStatement().execute("DELETE FROM audit_rows WHERE page = 501"));
        database.write(connection -> connection.createStatement().execute("UPDATE audit_pages SET terms = NULL"));

        new AuditRetention(database).bringUpToDate();

        AuditQueries queries = new AuditQueries(database, new AuditWriter(database, new TestMeters()));
        assertThat(queries.list(AuditSearch.ALL, 2_000, null).rows()).hasSize(1_000);
        assertThat(numbers("SELECT count(*) FROM audit_pages WHERE terms IS NULL"))
                .containsExactly(0L);
    }

    @Test
    void whatAnEarlierVersionLeftIsNotTakenIn() throws Exception {
        table.write("w", SpillTest.stored(rows(1, 1)));
        database.write(connection -> connection.createStatement().execute("UPDATE audit_pages SET terms = NULL"));
        table.write("w", SpillTest.stored(rows(2, 2)));
        table.write("w", SpillTest.stored(rows(3, 3)));

        assertThat(sizes()).containsExactly(1L, 2L);
        AuditQueries queries = new AuditQueries(database, new AuditWriter(database, new TestMeters()));
        assertThat(queries.find("r1")).isPresent();
        assertThat(queries.find("r3")).isPresent();
        assertThat(queries.find("r4")).isEmpty();
    }

    @Test
    void pagesOfAnEarlierVersionAreDescribedLater() throws Exception {
        table.write("w", SpillTest.stored(rows(1, 10)));
        List<Long> before = numbers("SELECT sum(length(hex(terms))) FROM audit_pages");
        database.write(connection -> connection.createStatement().execute("UPDATE audit_pages SET terms = NULL"));

        new AuditRetention(database).bringUpToDate();

        assertThat(numbers("SELECT count(*) FROM audit_pages WHERE terms IS NULL"))
                .containsExactly(0L);
        assertThat(numbers("SELECT sum(length(hex(terms))) FROM audit_pages")).isEqualTo(before);
        assertThat(AuditInstance.written(database)).isEqualTo(ids(1, 10));
    }

    @Test
    void whatIsRemovedLeavesNoRecordsBehind() throws Exception {
        table.write("w", SpillTest.stored(rows(1, 10)));
        new AuditRetention(database).removeOlderThan(1);

        assertThat(numbers("SELECT page FROM audit_rows")).isEmpty();
        table.write("w", SpillTest.stored(rows(11, 12)));
        assertThat(AuditInstance.written(database)).containsExactly("r11", "r12");
    }

    @Test
    void whoeverOpensTheFileReadsRecordsAsRows() throws Exception {
        table.write("w", SpillTest.stored(rows(1, 3)));

        List<List<Object>> read = database.read(connection -> {
            List<List<Object>> all = new ArrayList<>();
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(
                            "SELECT " + String.join(", ", AuditColumns.ALL) + " FROM audit ORDER BY id")) {
                while (rows.next()) {
                    List<Object> row = new ArrayList<>();
                    for (int i = 1; i <= AuditColumns.ALL.size(); i++) {
                        row.add(rows.getObject(i));
                    }
                    all.add(row);
                }
            }
            return all;
        });

        assertThat(read).hasSize(3);
        for (int i = 0; i < read.size(); i++) {
            byte[] json = StoredRow.of(rows(1, 3).get(i)).json();
            assertThat(read.get(i)).isEqualTo(new ObjectMapper().readValue(json, List.class));
        }
    }
}
