package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code weir backup} and {@code weir restore} on SQLite, as an operator types them. */
class BackupCommandTest {
    private static final String KEYS = "SELECT name FROM api_keys ORDER BY name";

    @TempDir
    private Path directory;

    private Path config;
    private Path database;
    private String said = "";

    @BeforeEach
    void aGatewayThatRan() throws IOException {
        config = directory.resolve("weir.yaml");
        database = directory.resolve("weir.db");
        configure("first");
        assertThat(weir("keys", "create", "one", "--config", config.toString())).isZero();
    }

    @Test
    void aCheckpointBringsBackDatabaseAndConfiguration() throws Exception {
        assertThat(backup("checkpoint")).isZero();
        configure("second");
        assertThat(weir("keys", "create", "two", "--config", config.toString())).isZero();

        assertThat(restore("latest", "checkpoint")).isZero();

        assertThat(Files.readString(config)).contains("first");
        assertThat(keys()).containsExactly("one");
    }

    @Test
    void everyTableIsAsItWasAfterTheDatabaseWasLost() throws Exception {
        List<String> before = dump();
        assertThat(backup("database")).isZero();
        for (String suffix : List.of("", "-wal", "-shm")) {
            Files.deleteIfExists(Path.of(database + suffix));
        }

        assertThat(restore("latest", "database")).isZero();

        assertThat(dump()).isEqualTo(before);
    }

    @Test
    void itComesBackIntoAFileWithPagesOfAnotherSize() throws Exception {
        List<String> before = dump();
        assertThat(backup("database")).isZero();
        for (String suffix : List.of("", "-wal", "-shm")) {
            Files.deleteIfExists(Path.of(database + suffix));
        }
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + database);
                Statement statement = other.createStatement()) {
            statement.execute("PRAGMA page_size = 4096");
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("CREATE TABLE of_an_earlier_version (id INTEGER)");
        }

        assertThat(restore("latest", "database")).isZero();

        assertThat(dump()).isEqualTo(before);
    }

    @Test
    void aLostConfigurationComesBackBeforeTheDatabaseThatItNames() throws Exception {
        assertThat(backup("checkpoint")).isZero();
        Files.delete(config);

        assertThat(restore("latest", "checkpoint")).isZero();

        assertThat(Files.readString(config)).contains("first");
    }

    @Test
    void whatIsReplacedIsSavedFirst() throws Exception {
        assertThat(backup("database")).isZero();
        assertThat(weir("keys", "create", "two", "--config", config.toString())).isZero();

        assertThat(restore("latest", "database")).isZero();

        assertThat(keys()).containsExactly("one");
        assertThat(restore("latest", "database"))
                .as("the copy of what was replaced is the latest")
                .isZero();
        assertThat(keys()).containsExactly("one", "two");
    }

    @Test
    void aConfigurationThatIsNoLongerValidIsPutBack() throws Exception {
        Files.writeString(config, "nonsense: true\n");
        assertThat(backup("config")).isZero();
        configure("second");

        assertThat(restore("latest", "config")).isEqualTo(1);

        assertThat(said).contains("not restored, all is as it was").contains("nonsense");
        assertThat(Files.readString(config)).contains("second");
    }

    @Test
    void aDamagedBackupIsRefusedAndNothingChanges() throws Exception {
        assertThat(backup("checkpoint")).isZero();
        Path copy;
        try (Stream<Path> files = Files.walk(directory.resolve("backups"))) {
            copy = files.filter(file -> file.endsWith("database.gz"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(copy);
        bytes[bytes.length / 2] ^= 1;
        Files.write(copy, bytes);
        configure("second");

        assertThat(restore("latest", "checkpoint")).isEqualTo(1);

        assertThat(said).contains("database.gz").contains("checksum");
        assertThat(Files.readString(config)).contains("second");
        assertThat(weir("backup", "checkpoint", "--verify", "--config", config.toString(), "--directory", backups()))
                .isEqualTo(1);
    }

    @Test
    void onlyTheNewestAreKept() throws Exception {
        for (int i = 0; i < 4; i++) {
            assertThat(backup("config", "--keep", "2")).isZero();
        }
        assertThat(weir("backup", "config", "--list", "--config", config.toString(), "--directory", backups()))
                .isZero();
        assertThat(said.lines()).hasSize(2);
    }

    @Test
    void aBackupThatIsNotThereIsToldWithThoseThatAre() throws Exception {
        assertThat(backup("config")).isZero();

        assertThat(restore("1999-01-01", "config")).isEqualTo(1);

        assertThat(said).contains("no backup 1999-01-01").contains("there are 20");
    }

    @Test
    void aBackupIsForItsOwnerAlone() throws Exception {
        assertThat(backup("checkpoint")).isZero();
        Path made = Path.of(said.lines().findFirst().orElseThrow());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rwx------");
    }

    @Test
    void theRightsOfTheConfigurationStay() throws Exception {
        Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rw-r-----"));
        assertThat(backup("config")).isZero();

        assertThat(restore("latest", "config")).isZero();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(config)))
                .isEqualTo("rw-r-----");
    }

    private void configure(String note) throws IOException {
        Files.writeString(config, "# " + note + "\ndatabase: {url: \"sqlite:" + database + "\"}\n");
    }

    private String backups() {
        return directory.resolve("backups").toString();
    }

    private int backup(String part, String... more) {
        List<String> all =
                new ArrayList<>(List.of("backup", part, "--config", config.toString(), "--directory", backups()));
        all.addAll(List.of(more));
        return weir(all.toArray(new String[0]));
    }

    private int restore(String when, String part) {
        return weir("restore", when, part, "--config", config.toString(), "--directory", backups());
    }

    private int weir(String... arguments) {
        StringWriter output = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(output));
        line.setErr(new PrintWriter(output));
        int code = line.execute(arguments);
        said = output.toString();
        return code;
    }

    private List<String> keys() throws SQLException {
        return query(KEYS);
    }

    /** Every row of every table. */
    private List<String> dump() throws SQLException {
        List<String> all = new ArrayList<>();
        for (String table : query("SELECT name FROM sqlite_master"
                + " WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name")) {
            all.add(table);
            all.addAll(query("SELECT * FROM \"" + table + "\" ORDER BY 1"));
        }
        return all;
    }

    private List<String> query(String sql) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                StringBuilder row = new StringBuilder();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.append(result.getString(i)).append('|');
                }
                rows.add(result.getMetaData().getColumnCount() == 1 ? result.getString(1) : row.toString());
            }
        }
        return rows;
    }
}
