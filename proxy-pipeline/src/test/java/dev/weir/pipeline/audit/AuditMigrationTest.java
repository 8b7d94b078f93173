package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a later version makes of the records of an earlier one. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class AuditMigrationTest {
    private static final String COLUMNS = String.join(", ", AuditColumns.ALL);

    private final Database.Kind kind;
    private final TestDatabase test;

    AuditMigrationTest(Database.Kind kind) {
        this.kind = kind;
        test = TestDatabase.of(kind);
    }

    @AfterEach
    void stop() {
        test.close();
    }

    private Void toVersion3(Connection connection) throws SQLException {
        List<String> statements = new ArrayList<>();
        if (kind == Database.Kind.SQLITE) {
            statements.addAll(List.of(
                    "CREATE TABLE saved AS SELECT * FROM audit",
                    "DROP VIEW audit",
                    "DROP TABLE audit_rows",
                    "DROP TABLE audit_pages"));
            statements.addAll(tableOfVersion3());
            statements.addAll(List.of(
                    "ALTER TABLE audit ADD COLUMN title TEXT",
                    "CREATE INDEX audit_alone ON audit (time) WHERE title IS NOT NULL",
                    "INSERT INTO audit (" + COLUMNS + ") SELECT " + COLUMNS + " FROM saved ORDER BY id",
                    "DROP TABLE saved"));
        }
        statements.addAll(List.of(
                "UPDATE audit SET conversation = request_id WHERE title IS NOT NULL",
                "INSERT INTO conversations SELECT request_id, key_id, user_name, model, title, 1, time, time"
                        + " FROM audit WHERE title IS NOT NULL",
                "DROP INDEX audit_alone",
                "ALTER TABLE audit DROP COLUMN title",
                "DELETE FROM weir_schema_history WHERE version IN ('4', '5')"));
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
        return null;
    }

    /** What the script of that version says of the table. */
    private static List<String> tableOfVersion3() {
        try (InputStream script = Database.class.getResourceAsStream("sqlite/V3__audit.sql")) {
            return Arrays.stream(new String(Objects.requireNonNull(script).readAllBytes(), StandardCharsets.UTF_8)
                            .replaceAll("--.*", "")
                            .split(";"))
                    .map(String::strip)
                    .filter(sql -> sql.matches("(?s)CREATE (TABLE audit|INDEX audit_\\w+ ON audit) .*"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static AuditRow answered(long sequence) {
        return AuditTableTest.at(SpillTest.row(sequence, "b"), sequence);
    }

    @Test
    void recordsAreAllThereAndChatsThatStandAloneKeepTheirTitles() throws Exception {
        Database before = test.open();
        new AuditTable(before).write("w", SpillTest.stored(List.of(answered(1), answered(2), answered(3))));
        List<AuditEntry> entries = entries(before);
        before.write(this::toVersion3);

        Database after = test.open();

        assertThat(entries(after)).isEqualTo(entries).hasSize(3);
        ConversationQueries queries = new ConversationQueries(after, new AuditWriter(after, new TestMeters()));
        assertThat(queries.list(ConversationQueries.Search.ALL, 10, null).rows())
                .extracting(one -> one.id().name() + "/" + one.title() + "/" + one.requests() + "/" + one.alone())
                .containsExactlyInAnyOrder("c/title/2/false", "r2/title/1/true");
    }

    private static List<AuditEntry> entries(Database database) throws Exception {
        AuditQueries queries = new AuditQueries(database, new AuditWriter(database, new TestMeters()));
        List<AuditEntry> entries = new ArrayList<>();
        for (AuditEntry listed : queries.list(AuditSearch.ALL, 10, null).rows()) {
            entries.add(queries.find(listed.requestId()).orElseThrow());
        }
        return entries;
    }
}
