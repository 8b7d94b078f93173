package dev.weir.server.backup;

import dev.weir.pipeline.store.DatabaseBackup;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes a backup back, the configuration first, for it says where the database is:
 *
 * <pre>
 *   verify ──▶ save what is there ──▶ replace ──▶ check ──▶ done
 *                                        └──any failure──▶ put back what was there ──▶ failed
 * </pre>
 */
public final class Restore {
    private final Backups backups;
    private final Current current;
    private final Consumer<String> told;

    private @Nullable Backup configurationBefore;
    private @Nullable Backup databaseBefore;

    /** @param told hears of each step */
    public Restore(Backups backups, Current current, Consumer<String> told) {
        this.backups = backups;
        this.current = current;
        this.told = told;
    }

    /** What is to be replaced. */
    public interface Current {
        /** The configuration's files. */
        List<Path> configuration();

        /**
         * The database that the configuration names, as it is when this is called.
         *
         * @throws IOException if the configuration is not valid; the message says what is wrong
         */
        DatabaseBackup database() throws IOException;
    }

    /**
     * Makes database and configuration what they were.
     *
     * @throws IOException if that failed; all is as it was before, unless the message says otherwise
     */
    public void run(Part part, Backup backup) throws IOException {
        backup.verify();
        told.accept("backup " + backup.name() + " is whole");
        try {
            if (part.hasConfiguration()) {
                configurationBefore = save(() -> backups.make(Part.CONFIG, null, current.configuration()));
                restoreFiles(backup);
            }
            DatabaseBackup database = current.database();
            if (part.hasDatabase() && backup.database().isPresent()) {
                requireSameKind(backup, database);
                databaseBefore = save(() -> backups.make(Part.DATABASE, database, List.of()));
                restoreDatabase(backup, database);
            }
        } catch (IOException | SQLException | RuntimeException e) {
            throw putBack(e);
        }
    }

    private static void requireSameKind(Backup backup, DatabaseBackup database) throws IOException {
        String kind = database.kind().name().toLowerCase(Locale.ROOT);
        if (!backup.manifest().database().equals(kind)) {
            throw new IOException("backup " + backup.name() + " is of "
                    + backup.manifest().database() + ", the configured database is " + kind);
        }
    }

    /** Makes a copy of what is to be replaced. */
    @FunctionalInterface
    private interface Copy {
        Backup make() throws IOException, SQLException;
    }

    /** A copy of what is there, or null where there is nothing that could be copied. */
    private @Nullable Backup save(Copy copy) {
        try {
            Backup before = copy.make();
            told.accept("what is there now is saved in " + before.directory());
            return before;
        } catch (IOException | SQLException e) {
            told.accept("what is there now cannot be saved: " + e.getMessage());
            return null;
        }
    }

    private void restoreDatabase(Backup backup, DatabaseBackup database) throws IOException, SQLException {
        Path plain = Files.createTempFile("weir-restore-", ".database");
        try {
            backup.extractDatabase(plain);
            database.restore(plain);
        } finally {
            Files.delete(plain);
        }
        SortedMap<String, Long> rows = database.rows();
        if (!rows.equals(backup.manifest().rows())) {
            throw new IOException("the database has other numbers of rows than the backup: " + rows + ", not "
                    + backup.manifest().rows());
        }
        told.accept("the database is back: "
                + rows.values().stream().mapToLong(Long::longValue).sum() + " rows in " + rows.size() + " tables");
    }

    private void restoreFiles(Backup backup) throws IOException {
        for (Manifest.Entry entry : backup.manifest().files()) {
            if (!entry.path().isEmpty()) {
                replace(Path.of(entry.path()), backup.directory().resolve(entry.name()));
                told.accept(entry.path() + " is back");
            }
        }
    }

    /** Puts a copy of {@code source} in the place of {@code file} at once, for the same owner and with the same rights. */
    private static void replace(Path file, Path source) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        Path copy = Files.createTempFile(directory, ".weir-restore-", "");
        try {
            Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
            PosixFileAttributeView view = Files.getFileAttributeView(copy, PosixFileAttributeView.class);
            if (Files.exists(file) && view != null) {
                PosixFileAttributes now = Files.readAttributes(file, PosixFileAttributes.class);
                view.setPermissions(now.permissions());
                view.setGroup(now.group());
                view.setOwner(now.owner());
            }
            Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    private IOException putBack(Exception cause) {
        if (configurationBefore == null && databaseBefore == null) {
            return new IOException("not restored, and there is nothing to put back: " + cause.getMessage(), cause);
        }
        try {
            if (configurationBefore != null) {
                restoreFiles(configurationBefore);
            }
            if (databaseBefore != null) {
                restoreDatabase(databaseBefore, current.database());
            }
            return new IOException("not restored, all is as it was: " + cause.getMessage(), cause);
        } catch (IOException | SQLException e) {
            cause.addSuppressed(e);
            return new IOException(
                    "not restored (" + cause.getMessage() + "), and what was there could not be put back ("
                            + e.getMessage() + "): its copies are kept",
                    cause);
        }
    }
}
