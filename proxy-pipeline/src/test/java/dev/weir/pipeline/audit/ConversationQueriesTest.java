package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.TestMeters;
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
    private static final int MANY = 2 * ConversationQueries.SEARCHED + 100;

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
        new AuditTable(database).write("w", List.of(AuditTableTest.at(SpillTest.row(1, "b"), 1)));
        database.write(connection -> fill(connection));
        return new ConversationQueries(database, new AuditWriter(database, new TestMeters()));
    }

    private static int fill(Connection connection) throws SQLException {
        String numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + MANY + ") ";
        List<String> values = new ArrayList<>();
        for (String column : AuditTable.COLUMNS) {
            values.add(
                    switch (column) {
                        case "time" -> "a.time + n.i";
                        case "request_id" -> "'alone' || n.i";
                        case "user_name" -> "CASE n.i WHEN 7 THEN 'rare' ELSE 'common' END";
                        case "status" -> "200";
                        case "title" -> "'title'";
                        default -> "a." + column;
                    });
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute(numbers + "INSERT INTO audit (" + String.join(", ", AuditTable.COLUMNS) + ") SELECT "
                    + String.join(", ", values) + " FROM n, audit a WHERE a.request_id = 'r1'");
            return statement.executeUpdate(
                    numbers + "INSERT INTO conversations SELECT 'grouped' || i, 'k', CASE i WHEN 8 THEN 'rare' ELSE"
                            + " 'common' END, 'm', 'title', 1, i, i FROM n WHERE i % 2 = 0");
        }
    }

    @Test
    void aPageOfASearchLooksThroughSoManyAndSaysWhereToGoOn() throws Exception {
        ConversationQueries queries = withMany();
        Search rare = new Search(null, "rare", "", "");
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
        Search common = new Search(null, "common", "", "TITLE");
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
