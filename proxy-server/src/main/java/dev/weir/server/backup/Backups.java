package dev.weir.server.backup;

import dev.weir.pipeline.store.DatabaseBackup;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** A directory of backups: {@code ROOT/database/2026-11-21T02-00-00Z/} and so on, readable for their owner alone. */
public final class Backups {
    private static final DateTimeFormatter NAMES =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path root;
    private final String version;
    private final Clock clock;

    /** @param version of this Weir, for the manifests */
    public Backups(Path root, String version, Clock clock) {
        this.root = root;
        this.version = version;
        this.clock = clock;
    }

    /**
     * Makes a backup.
     *
     * @param database what to copy, where {@code part} has a database
     * @param configuration the configuration's files, where {@code part} has them
     * @return the backup, verified
     * @throws IOException if it cannot be made; nothing is left of it
     */
    public Backup make(Part part, @Nullable DatabaseBackup database, List<Path> configuration)
            throws IOException, SQLException {
        Path all = Files.createDirectories(root.resolve(part.name().toLowerCase(Locale.ROOT)), OWNER_ONLY);
        Path unfinished = Files.createTempDirectory(all, ".unfinished-");
        try {
            Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
            List<Manifest.Entry> files = new ArrayList<>();
            SortedMap<String, Long> rows = new TreeMap<>();
            if (part.hasDatabase() && database != null) {
                rows.putAll(saveDatabase(database, unfinished));
                files.add(entry(unfinished, Backup.DATABASE, ""));
            }
            if (part.hasConfiguration()) {
                for (Path file : configuration) {
                    String name = "config-" + file.getFileName();
                    Files.copy(file, unfinished.resolve(name));
                    files.add(entry(
                            unfinished, name, file.toAbsolutePath().normalize().toString()));
                }
            }
            String kind = part.hasDatabase() && database != null
                    ? database.kind().name().toLowerCase(Locale.ROOT)
                    : "";
            Manifest manifest = new Manifest(now, version, kind, rows, files);
            manifest.write(unfinished);
            Backup backup = new Backup(Files.move(unfinished, unused(all, NAMES.format(now))), manifest);
            backup.verify();
            return backup;
        } catch (IOException | SQLException | RuntimeException e) {
            delete(unfinished);
            throw e;
        }
    }

    private static SortedMap<String, Long> saveDatabase(DatabaseBackup database, Path directory)
            throws IOException, SQLException {
        Path plain = directory.resolve("database");
        SortedMap<String, Long> rows = database.save(plain);
        try (InputStream in = Files.newInputStream(plain);
                OutputStream out = new GZIPOutputStream(Files.newOutputStream(directory.resolve(Backup.DATABASE)))) {
            in.transferTo(out);
        }
        Files.delete(plain);
        return rows;
    }

    private static Manifest.Entry entry(Path directory, String name, String path) throws IOException {
        Path file = directory.resolve(name);
        return new Manifest.Entry(name, path, Files.size(file), Backup.sha256(file));
    }

    private static Path unused(Path all, String name) {
        Path directory = all.resolve(name);
        for (int i = 2; Files.exists(directory); i++) {
            directory = all.resolve(name + "." + i);
        }
        return directory;
    }

    /** The backups of a kind, oldest first; what has no manifest is none. */
    public List<Backup> list(Part part) throws IOException {
        Path all = root.resolve(part.name().toLowerCase(Locale.ROOT));
        List<Backup> backups = new ArrayList<>();
        if (!Files.isDirectory(all)) {
            return backups;
        }
        try (Stream<Path> directories = Files.list(all)) {
            for (Path directory : directories.sorted().toList()) {
                if (Files.isRegularFile(directory.resolve(Manifest.FILE))
                        && !directory.getFileName().toString().startsWith(".")) {
                    backups.add(new Backup(directory, Manifest.read(directory)));
                }
            }
        }
        backups.sort(Comparator.comparing((Backup backup) -> backup.manifest().created())
                .thenComparing(Backup::name));
        return backups;
    }

    /**
     * The newest backup that {@code wanted} means: {@code latest}, or the beginning of a name, which a date is.
     *
     * @throws IOException if there is none; the message tells which there are
     */
    public Backup find(Part part, String wanted) throws IOException {
        List<Backup> all = list(part);
        for (int i = all.size() - 1; i >= 0; i--) {
            if (wanted.equals("latest") || all.get(i).name().startsWith(wanted.replace(':', '-'))) {
                return all.get(i);
            }
        }
        String known = all.isEmpty()
                ? "there is none"
                : "there are "
                        + String.join(", ", all.stream().map(Backup::name).toList());
        throw new IOException(
                "no backup " + wanted + " in " + root.resolve(part.name().toLowerCase(Locale.ROOT)) + ": " + known);
    }

    /** Drops the oldest of a kind beyond {@code kept}; returns the names of those dropped. */
    public List<String> drop(Part part, int kept) throws IOException {
        List<Backup> all = list(part);
        List<String> dropped = new ArrayList<>();
        for (Backup backup : all.subList(0, Math.max(0, all.size() - kept))) {
            delete(backup.directory());
            dropped.add(backup.name());
        }
        return dropped;
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
