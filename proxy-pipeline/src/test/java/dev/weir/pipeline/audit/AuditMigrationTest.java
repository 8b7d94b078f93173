package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a later version makes of the records of an earlier one. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class AuditMigrationTest {
    private final TestDatabase test;

    AuditMigrationTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
    }

    @AfterEach
    void stop() {
        test.close();
    }

    private static Void toVersion3(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : List.of(
                    "UPDATE audit SET conversation = request_id WHERE title IS NOT NULL",
                    "INSERT INTO conversations SELECT request_id, key_id, user_name, model, title, 1, time, time"
                            + " FROM audit WHERE title IS NOT NULL",
                    "DROP INDEX audit_alone",
                    "ALTER TABLE audit DROP COLUMN title",
                    "DELETE FROM weir_schema_history WHERE version = '4'")) {
                statement.execute(sql);
            }
        }
        return null;
    }

    private static AuditRow answered(long sequence) {
        return AuditTableTest.at(SpillTest.row(sequence, "b"), sequence);
    }

    @Test
    void chatsThatStandAloneKeepTheirTitles() throws Exception {
        Database before = test.open();
        new AuditTable(before).write("w", List.of(answered(1), answered(2), answered(3)));
        before.write(AuditMigrationTest::toVersion3);

        Database after = test.open();

        ConversationQueries queries = new ConversationQueries(after, new AuditWriter(after, new TestMeters()));
        assertThat(queries.list(ConversationQueries.Search.ALL, 10, null).rows())
                .extracting(one -> one.id().name() + "/" + one.title() + "/" + one.requests() + "/" + one.alone())
                .containsExactlyInAnyOrder("c/title/2/false", "r2/title/1/true");
    }
}
