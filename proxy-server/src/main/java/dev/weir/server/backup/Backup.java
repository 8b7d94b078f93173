package dev.weir.server.backup;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/**
 * One backup on disk.
 *
 * @param directory where it lies; its name is the moment it was made
 * @param manifest what it holds
 */
public record Backup(Path directory, Manifest manifest) {
    /** The database's copy, compressed. */
    static final String DATABASE = "database.gz";

    public String name() {
        return directory.getFileName().toString();
    }

    /**
     * Proves that every file is there as it was written.
     *
     * @throws IOException if one is not; the message names it
     */
    public void verify() throws IOException {
        for (Manifest.Entry entry : manifest.files()) {
            Path file = directory.resolve(entry.name());
            if (!Files.isRegularFile(file)) {
                throw new IOException("backup " + name() + " is damaged: " + entry.name() + " is missing");
            }
            if (!sha256(file).equals(entry.sha256())) {
                throw new IOException("backup " + name() + " is damaged: " + entry.name()
                        + " is not what was written (its checksum differs)");
            }
        }
    }

    Optional<Manifest.Entry> database() {
        return manifest.files().stream()
                .filter(entry -> entry.name().equals(DATABASE))
                .findFirst();
    }

    /** Writes the database's copy to {@code file} as it was before it was compressed. */
    void extractDatabase(Path file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(directory.resolve(DATABASE)));
                OutputStream out = Files.newOutputStream(file)) {
            in.transferTo(out);
        }
    }

    static String sha256(Path file) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
