package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.audit.AuditEntry.Call;
import dev.weir.pipeline.audit.AuditEntry.Sender;
import dev.weir.pipeline.audit.AuditQueries.Page;
import dev.weir.pipeline.audit.ConversationQueries.Search;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Conversations among many, on both databases: each page looks through so many and no more. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class ConversationQueriesTest {
    private static final int BATCH = 500;
    private static final int MANY = 2 * ConversationQueries.SEARCHED + BATCH;

    private final TestDatabase test;

    ConversationQueriesTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
    }

    @AfterEach
    void stop() {
        test.close();
    }

    /** Chats that stand alone, each a millisecond behind the one before, and half as many that are grouped between them. */
    private ConversationQueries withMany() throws Exception {
        Database database = test.open();
        AuditTable table = new AuditTable(database);
        List<AuditRow> rows = new ArrayList<>();
        for (int i = 1; i <= MANY; i++) {
            rows.add(alone(i));
            if (rows.size() == BATCH || i == MANY) {
                table.write("w", SpillTest.stored(List.copyOf(rows)));
                rows.clear();
            }
        }
        database.write(connection -> fill(connection));
        return new ConversationQueries(database, new AuditWriter(database, new TestMeters()));
    }

    private static AuditRow alone(int number) {
        AuditRow row = AuditTableTest.at(SpillTest.row(number, "b"), number);
        AuditEntry entry = row.entry();
        return new AuditRow(
                number,
                new AuditEntry(
                        number,
                        "alone" + number,
                        new Sender("k", "name", number == 7 ? "rare" : "common", "::1"),
                        new Call("POST", "/v1/chat/completions", "/v1/chat/completions", "m", "alone" + number, true),
                        entry.service(),
                        entry.result(),
                        entry.timing(),
                        entry.traffic(),
                        null,
                        null),
                "title",
                true);
    }

    private static int fill(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                    + MANY + ") INSERT INTO conversations SELECT 'grouped' || i, 'k', CASE i WHEN 8 THEN 'rare' ELSE"
                    + " 'common' END, 'm', 'title', 1, i, i FROM n WHERE i % 2 = 0");
        }
    }

    @Test
    void aPageOfASearchLooksThroughSoManyAndSaysWhereToGoOn() throws Exception {
        ConversationQueries queries = withMany();
        Search rare = new Search("", null, "rare", "", "");
        List<String> found = new ArrayList<>();
        int pages = 0;
        @Nullable String cursor = null;
        do {
            Page<Conversation> page = queries.list(rare, 10, cursor);
            page.rows().forEach(one -> found.add(one.id().name()));
            cursor = page.nextCursor();
            pages++;
        } while (cursor != null);

        assertThat(found).containsExactly("grouped8", "alone7");
        assertThat(pages).isEqualTo(1 + MANY / ConversationQueries.SEARCHED);
    }

    @Test
    void pagesOfASearchThatFindsMuchLeaveNothingOut() throws Exception {
        ConversationQueries queries = withMany();
        Search common = new Search("", null, "common", "", "TITLE");
        List<String> found = new ArrayList<>();
        @Nullable String cursor = null;
        do {
            Page<Conversation> page = queries.list(common, 1_000, cursor);
            page.rows().forEach(one -> found.add(one.id().name()));
            cursor = page.nextCursor();
        } while (cursor != null);

        assertThat(found).hasSize(MANY - 1 + MANY / 2 - 1).doesNotHaveDuplicates();
    }

    /** A record is written when its exchange is over: of each batch, one began long ago. */
    @Test
    void searchesEndAlthoughRecordsAreWrittenLongAfterTheyBegan() throws Exception {
        Database database = test.open();
        AuditTable table = new AuditTable(database);
        for (int from = 1; from <= MANY; from += BATCH) {
            List<AuditRow> rows = new ArrayList<>();
            for (int i = from; i < from + BATCH; i++) {
                AuditRow row = alone(i);
                rows.add(i == from ? AuditTableTest.at(row, 1) : AuditTableTest.at(row, 1_000_000 + i));
            }
            table.write("w", SpillTest.stored(rows));
        }
        AuditWriter writer = new AuditWriter(database, new TestMeters());
        ConversationQueries conversations = new ConversationQueries(database, writer);
        AuditQueries queries = new AuditQueries(database, writer);
        AuditSearch nothing =
                new AuditSearch(null, "", 0, Integer.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, "nothing");

        assertThat(pages(cursor -> conversations.list(new Search("", null, "rare", "", ""), 10, cursor)))
                .containsExactly("alone7");
        assertThat(pages(cursor -> queries.list(nothing, 10, cursor))).isEmpty();
        assertThat(pages(cursor -> queries.list(AuditSearch.ALL, 1_000, cursor)))
                .hasSize(MANY)
                .doesNotHaveDuplicates();
    }

    private interface Pages<T> {
        Page<T> from(@Nullable String cursor) throws Exception;
    }

    private static <T> List<String> pages(Pages<T> list) throws Exception {
        List<String> found = new ArrayList<>();
        @Nullable String cursor = null;
        int pages = 0;
        do {
            Page<T> page = list.from(cursor);
            for (T row : page.rows()) {
                found.add(row instanceof Conversation one ? one.id().name() : ((AuditEntry) row).requestId());
            }
            assertThat(page.nextCursor()).as("goes on").isNotEqualTo(cursor == null ? "" : cursor);
            cursor = page.nextCursor();
            assertThat(++pages).as("pages").isLessThan(100);
        } while (cursor != null);
        return found;
    }

    @Test
    void conversationsOfOneMomentAreAllListedWhateverTheyAreCalled() throws Exception {
        Database database = test.open();
        AuditTable table = new AuditTable(database);
        List<String> names = List.of("a", "B", "_", "é", "Z", "b", "\uffee", "\ud83d\ude00", "10", "9");
        List<AuditRow> rows = new ArrayList<>();
        for (String name : names) {
            AuditRow row = alone(1);
            AuditEntry entry = row.entry();
            boolean alone = rows.size() % 2 == 0;
            rows.add(new AuditRow(
                    rows.size() + 1,
                    new AuditEntry(
                            1,
                            name,
                            entry.sender(),
                            new Call("POST", "/r", "/p", "m", name, true),
                            entry.service(),
                            entry.result(),
                            entry.timing(),
                            entry.traffic(),
                            null,
                            null),
                    "title",
                    alone));
        }
        table.write("w", SpillTest.stored(rows));
        ConversationQueries queries = new ConversationQueries(database, new AuditWriter(database, new TestMeters()));

        assertThat(pages(cursor -> queries.list(Search.ALL, 1, cursor))).containsExactlyInAnyOrderElementsOf(names);
    }
}
