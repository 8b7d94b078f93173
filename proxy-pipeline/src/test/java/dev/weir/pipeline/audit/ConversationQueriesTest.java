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
                table.write("w", List.copyOf(rows));
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
}
