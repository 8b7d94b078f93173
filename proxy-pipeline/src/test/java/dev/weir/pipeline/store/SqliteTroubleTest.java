package dev.weir.pipeline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.AllowsErrors;
import dev.weir.testing.Await;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may befall a SQLite file. */
final class SqliteTroubleTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private Path file() {
        return directory.resolve("weir.db");
    }

    private Database open(long statementTimeoutMillis) {
        return Database.open(new Database.Settings("sqlite:" + file(), directory, 4, 5_000, statementTimeoutMillis));
    }

    private static boolean execute(Database database, String sql) throws Exception {
        return database.write(connection -> {
            try (Statement statement = connection.createStatement()) {
                return statement.execute(sql);
            }
        });
    }

    @Test
    void theFileIsForItsOwnerOnly() throws Exception {
        try (Database database = open(5_000)) {
            Await.until(LONG, "up", database::isUp);

            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                    .isEqualTo("rw-------");
        }
    }

    private static int pageBytes(Database database) throws Exception {
        Await.until(LONG, "up", database::isUp);
        return database.read(connection -> {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("PRAGMA page_size")) {
                return row.getInt(1);
            }
        });
    }

    @Test
    void aNewFileHasLargePages() throws Exception {
        try (Database database = open(5_000)) {
            assertThat(pageBytes(database)).isEqualTo(16_384);
        }
        try (Database again = open(5_000)) {
            assertThat(pageBytes(again)).isEqualTo(16_384);
        }
    }

    @Test
    void anEmptyFileThatSomebodyMadeIsANewOne() throws Exception {
        Files.createFile(file());
        try (Database database = open(5_000)) {
            assertThat(pageBytes(database)).isEqualTo(16_384);
        }
    }

    @Test
    void aFileWithSomethingInItKeepsItsPages() throws Exception {
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file());
                Statement statement = other.createStatement()) {
            statement.execute("CREATE TABLE somebody_elses (id INTEGER)");
        }
        try (Database database = open(5_000)) {
            assertThat(pageBytes(database)).isEqualTo(4_096);
        }
    }

    @Test
    void severalThatMakeTheFileAtOnceAllComeUp() throws Exception {
        for (int round = 0; round < 5; round++) {
            Path place = directory.resolve("r" + round);
            Files.createDirectory(place);
            Database.Settings settings = new Database.Settings("sqlite:weir.db", place, 4, 5_000, 5_000);
            try (Database one = Database.begin(settings);
                    Database two = Database.begin(settings);
                    Database three = Database.begin(settings)) {
                assertThat(pageBytes(one)).isEqualTo(16_384);
                assertThat(pageBytes(two)).isEqualTo(16_384);
                assertThat(pageBytes(three)).isEqualTo(16_384);
            }
        }
    }

    @Test
    void anotherWritersLockMakesItSlowNotAway() throws Exception {
        try (Database database = open(300)) {
            Await.until(LONG, "up", database::isUp);
            try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file());
                    Statement statement = other.createStatement()) {
                statement.execute("BEGIN IMMEDIATE");

                assertThatThrownBy(() -> execute(database, "UPDATE key_version SET version = 1"))
                        .isInstanceOf(DatabaseAwayException.class)
                        .hasMessageContaining("too slow");
                assertThat(database.<Boolean>read(connection -> true)).isTrue();
                statement.execute("ROLLBACK");
            }

            execute(database, "UPDATE key_version SET version = 1");
        }
    }

    @Test
    @AllowsErrors("that the database is full is said once, as an error")
    void aFullOneIsReadOnAndSaysThatItCannotBeWritten() throws Exception {
        try (Database database = open(5_000)) {
            Await.until(LONG, "up", database::isUp);
            execute(database, "CREATE TABLE filling (x BLOB)");
            int pages = database.write(connection -> {
                try (Statement statement = connection.createStatement();
                        var rows = statement.executeQuery("PRAGMA max_page_count = 1")) {
                    return rows.next() ? rows.getInt(1) : 0;
                }
            });
            assertThat(pages).isPositive();

            assertThatThrownBy(() -> execute(database, "INSERT INTO filling VALUES (zeroblob(1000000))"))
                    .isInstanceOf(DatabaseAwayException.class)
                    .hasMessageContaining("cannot be written");

            assertThat(database.trouble()).contains("cannot be written");
            assertThat(database.<Boolean>read(connection -> true)).isTrue();
            execute(database, "UPDATE key_version SET version = 1");
            assertThat(database.trouble()).isNull();
        }
    }

    @Test
    void whatIsNoDatabaseIsNamedWithWhatToDo() throws Exception {
        Files.writeString(file(), "this is no database, but it is long enough to be taken for one: ".repeat(40));
        try (Database database = open(5_000)) {
            assertThat(database.isUp()).isFalse();
            assertThat(database.trouble()).contains("not a database", "put a backup in its place");

            Files.delete(file());

            Await.until(LONG, "begins with an empty one", database::isUp);
        }
    }

    @Test
    void aDamagedFileIsAwayUntilItIsMended() throws Exception {
        Path backup = directory.resolve("backup.db");
        try (Database database = open(5_000)) {
            Await.until(LONG, "up", database::isUp);
            execute(database, "CREATE TABLE large (x BLOB)");
            execute(database, "INSERT INTO large VALUES (randomblob(400000))");
        }
        Files.copy(file(), backup);
        try (RandomAccessFile bytes = new RandomAccessFile(file().toFile(), "rw")) {
            bytes.seek(4096);
            bytes.write(new byte[(int) Files.size(file()) - 8192]);
        }
        try (Database database = open(5_000)) {
            assertThat(database.isUp()).isFalse();
            assertThat(database.trouble()).isNotNull();

            Files.delete(file());
            Files.move(backup, file());

            Await.until(LONG, "up", database::isUp);
        }
    }

    @Test
    void aPlaceThatCannotBeMadeDoesNotStopTheStart() throws Exception {
        Files.writeString(directory.resolve("file"), "no directory");
        Database.Settings settings = new Database.Settings("sqlite:file/weir.db", directory, 4, 5_000, 5_000);
        try (Database database = Database.open(settings)) {
            assertThat(database.isUp()).isFalse();
            assertThat(database.trouble()).contains("file/weir.db");
        }
    }

    @Test
    void anUnfinishedTransactionIsGoneAfterTheProcess() throws Exception {
        try (Database database = open(5_000)) {
            Await.until(LONG, "up", database::isUp);
            assertThatThrownBy(() -> database.write(connection -> {
                        try (Statement statement = connection.createStatement()) {
                            statement.execute("UPDATE key_version SET version = 9");
                        }
                        throw new SQLException("changed its mind");
                    }))
                    .hasMessage("changed its mind");
        }
        try (Database database = open(5_000)) {
            Await.until(LONG, "up", database::isUp);
            assertThat(database.<Boolean>read(connection -> {
                        try (Statement statement = connection.createStatement();
                                var rows = statement.executeQuery("SELECT version FROM key_version")) {
                            return rows.next() && rows.getLong(1) == 0;
                        }
                    }))
                    .isTrue();
        }
    }
}
