package dev.weir.pipeline.store;

import java.sql.SQLException;
import java.util.Locale;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/** Brings the tables to what this version needs: the numbered scripts beside this class, each once. */
final class Migrations {
    private Migrations() {}

    /** Runs what has not run yet; several instances at once take turns. */
    static void run(DatabaseSource source) throws SQLException {
        try {
            Flyway.configure(Migrations.class.getClassLoader())
                    .dataSource(source.dataSource())
                    .locations("classpath:dev/weir/pipeline/store/"
                            + source.kind().name().toLowerCase(Locale.ROOT))
                    .table("weir_schema_history")
                    .baselineOnMigrate(true)
                    .baselineVersion("0")
                    .load()
                    .migrate();
        } catch (FlywayException e) {
            throw new SQLException("the tables cannot be brought up to date: " + e.getMessage(), e);
        }
    }
}
