package dev.weir.pipeline.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.ResultSet;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds on SQLite and on PostgreSQL. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class DatabaseTest {
    private final TestDatabase test;

    DatabaseTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
    }

    @AfterEach
    void close() {
        test.close();
    }

    private static long count(Database database, String table) throws Exception {
        return database.read(connection -> {
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT count(*) FROM " + table)) {
                rows.next();
                return rows.getLong(1);
            }
        });
    }

    @Test
    void theTablesAreThereOnceItIsUp() throws Exception {
        Database database = test.open();

        assertThat(count(database, "api_keys")).isZero();
        assertThat(count(database, "key_version")).isOne();
    }
}
