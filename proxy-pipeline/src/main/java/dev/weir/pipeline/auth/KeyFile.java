package dev.weir.pipeline.auth;

import dev.weir.core.Limits;
import dev.weir.core.ModelPatterns;
import dev.weir.pipeline.auth.KeyRows.Version;
import dev.weir.pipeline.auth.KeyTable.Row;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A copy of the snapshot on disk, for a start while the database is away. Holds digests, no secrets; only its owner may read
 * it. It is replaced as a whole, and ends with a checksum of all before. When it was last known to be true is its time of
 * modification. For one thread.
 */
final class KeyFile {
    private static final String FORMAT = "weir keys 1";
    private static final int DIGEST_BYTES = 32;
    private static final int MIN_ROW_BYTES = 54;
    private static final FileAttribute<?>[] OWNER_ONLY =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                    ? new FileAttribute<?>[] {
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                    }
                    : new FileAttribute<?>[0];

    private final Path path;

    /** A snapshot that was read, and when it was known to be true. */
    record Copy(KeySnapshot snapshot, long confirmedMillis) {}

    KeyFile(Path path) {
        this.path = path;
    }

    void write(KeySnapshot snapshot) throws IOException {
        Path parent = path.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException(path + " names no file");
        }
        Files.createDirectories(parent);
        Path next = Files.createTempFile(parent, path.getFileName().toString(), ".new", OWNER_ONLY);
        try {
            try (FileChannel channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
                OutputStream file = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
                DigestOutputStream digested = new DigestOutputStream(file, KeyDigest.sha256());
                DataOutputStream out = new DataOutputStream(digested);
                content(snapshot, out);
                out.flush();
                file.write(digested.getMessageDigest().digest());
                file.flush();
                channel.force(true);
            }
            Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(next);
        }
    }

    private static void content(KeySnapshot snapshot, DataOutputStream out) throws IOException {
        Map<KeyPolicy, Integer> policies = new LinkedHashMap<>();
        int[] rows = new int[1];
        snapshot.forEach(row -> {
            policies.putIfAbsent(row.policy(), policies.size());
            rows[0]++;
        });
        out.writeUTF(FORMAT);
        out.writeUTF(snapshot.version().epoch());
        out.writeLong(snapshot.version().number());
        out.writeInt(policies.size());
        for (KeyPolicy policy : policies.keySet()) {
            write(policy, out);
        }
        out.writeInt(rows[0]);
        try {
            snapshot.forEach(row -> {
                try {
                    out.write(row.digest());
                    out.writeLong(row.id());
                    out.writeInt(policies.getOrDefault(row.policy(), 0));
                    out.writeLong(row.untilMillis());
                    out.writeUTF(row.name());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static void write(KeyPolicy policy, DataOutputStream out) throws IOException {
        out.writeUTF(KeyScope.join(policy.scopes()));
        out.writeInt(policy.models().patterns().size());
        for (String pattern : policy.models().patterns()) {
            out.writeUTF(pattern);
        }
        out.writeLong(policy.limits().requestsPerMinute());
        out.writeLong(policy.limits().tokensPerMinute());
        out.writeInt(policy.limits().parallel());
        out.writeLong(policy.budget().tokensPerDay());
        out.writeLong(policy.budget().tokensPerMonth());
        out.writeBoolean(policy.blocked());
        out.writeBoolean(policy.revoked());
    }

    /**
     * Reads the copy; null if there is none.
     *
     * @throws IOException if it cannot be read, or is not what was written
     */
    @Nullable
    Copy read() throws IOException {
        try (InputStream file = Files.newInputStream(path)) {
            long bytes = Files.size(path);
            DigestInputStream digested =
                    new DigestInputStream(new BufferedInputStream(file, 1 << 16), KeyDigest.sha256());
            DataInputStream in = new DataInputStream(digested);
            KeySnapshot snapshot = snapshot(in, bytes);
            byte[] computed = digested.getMessageDigest().digest();
            digested.on(false);
            if (!MessageDigest.isEqual(computed, in.readNBytes(DIGEST_BYTES))) {
                throw new IOException("its checksum is wrong");
            }
            return new Copy(snapshot, Files.getLastModifiedTime(path).toMillis());
        } catch (NoSuchFileException none) {
            return null;
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException("its content makes no sense", e);
        }
    }

    private static KeySnapshot snapshot(DataInputStream in, long bytes) throws IOException {
        if (!in.readUTF().equals(FORMAT)) {
            throw new IOException("it is no copy of keys, or of another version");
        }
        Version version = new Version(in.readUTF(), in.readLong());
        int count = in.readInt();
        List<KeyPolicy> policies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            policies.add(policy(in));
        }
        int rows = in.readInt();
        if (rows < 0 || rows > bytes / MIN_ROW_BYTES) {
            throw new IOException("it claims to hold " + rows + " keys");
        }
        KeyTable.Builder table = new KeyTable.Builder(rows);
        for (int i = 0; i < rows; i++) {
            byte[] digest = in.readNBytes(DIGEST_BYTES);
            long id = in.readLong();
            KeyPolicy policy = policies.get(in.readInt());
            long untilMillis = in.readLong();
            table.add(new Row(digest, id, in.readUTF(), policy, untilMillis));
        }
        return new KeySnapshot(version, table.build(), KeyTable.EMPTY);
    }

    private static KeyPolicy policy(DataInputStream in) throws IOException {
        Set<KeyScope> scopes = KeyScope.split(in.readUTF());
        int patterns = in.readInt();
        List<String> models = new ArrayList<>();
        for (int i = 0; i < patterns; i++) {
            models.add(in.readUTF());
        }
        return new KeyPolicy(
                scopes,
                new ModelPatterns(models),
                new Limits(in.readLong(), in.readLong(), in.readInt()),
                new KeyBudget(in.readLong(), in.readLong()),
                in.readBoolean(),
                in.readBoolean());
    }

    /** Notes that what it holds is still true. */
    void confirm(long nowMillis) throws IOException {
        Files.setLastModifiedTime(path, FileTime.fromMillis(nowMillis));
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
