package dev.weir.pipeline.store;

import dev.weir.pipeline.store.Database.Kind;
import dev.weir.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * An empty database of either kind, for tests that must hold on both:
 *
 * <pre>
 *   &#64;ParameterizedClass
 *   &#64;EnumSource(Database.Kind.class)
 *   class SomethingTest {
 *       private final TestDatabase database;
 *       SomethingTest(Database.Kind kind) { database = TestDatabase.of(kind); }
 * </pre>
 *
 * <p>Closing it closes what {@link #open} gave out. For one thread.
 */
public final class TestDatabase implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final Path directory;
    private final String url;
    private final List<Database> opened = new ArrayList<>();

    private TestDatabase(String url) {
        this.url = url;
        try {
            this.directory = Files.createTempDirectory("weir-database");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A new SQLite file, or a new database on the shared PostgreSQL server. */
    public static TestDatabase of(Kind kind) {
        return kind == Kind.SQLITE
                ? new TestDatabase("sqlite:weir.db")
                : at(RealPostgres.shared().newDatabase());
    }

    /** A database that exists already. */
    public static TestDatabase at(String url) {
        return new TestDatabase(url);
    }

    /** As {@code database.url} wants it; a SQLite file stands in {@link #directory}. */
    public String url() {
        return url;
    }

    /** Where a SQLite file stands; free for whatever else a test keeps. */
    public Path directory() {
        return directory;
    }

    /** What it is opened with. */
    public Database.Settings settings() {
        return new Database.Settings(url, directory, 4, 5_000, 5_000);
    }

    /** Opens it once more, as one more instance does, and waits until its tables are there. */
    public Database open() {
        Database database = openAway();
        Await.until(START, url + " is up", database::isUp);
        return database;
    }

    /** Opens it once more, whether or not it answers. */
    public Database openAway() {
        Database database = Database.open(settings());
        opened.add(database);
        return database;
    }

    @Override
    public void close() {
        opened.forEach(Database::close);
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(TestDatabase::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
