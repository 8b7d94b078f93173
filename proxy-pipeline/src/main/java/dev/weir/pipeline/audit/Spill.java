package dev.weir.pipeline.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the records of one writer wait on disk: a directory of its own, locked while the process lives, with segments and with
 * a note of how many records it has taken on. Another process finds it when its own has died, and goes on in its place.
 * Confined to one thread.
 */
final class Spill implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Spill.class);
    private static final long MAX_SEGMENT_BYTES = 8L << 20;
    private static final String LOCK = "lock";
    private static final String TAKEN = "taken";

    /** What this process holds: the lock on a file ends when any channel of its process to it is closed. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel lockFile;
    private final FileChannel takenFile;
    private final Deque<SpillSegment> segments = new ArrayDeque<>();
    private long nextSegment = 1;
    private long bytes;
    private long taken;
    private boolean exact;

    private Spill(Path directory, FileChannel lockFile, FileChannel takenFile) {
        this.directory = directory;
        this.lockFile = lockFile;
        this.takenFile = takenFile;
    }

    /** Makes a place for {@code writer} under {@code parent}. */
    static Spill create(Path parent, String writer) throws IOException {
        OwnerOnly.createDirectories(parent);
        Path directory = parent.resolve(writer);
        OwnerOnly.createDirectories(directory);
        Spill spill = lock(directory);
        if (spill == null) {
            throw new IOException(directory + " belongs to another process");
        }
        try {
            spill.taken(0);
        } catch (IOException e) {
            spill.close();
            throw e;
        }
        return spill;
    }

    /** What processes that live no more have left under {@code parent}, the oldest first. */
    static List<Spill> leftBehind(Path parent) throws IOException {
        List<Path> directories = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent)) {
            for (Path entry : entries) {
                if (Files.isRegularFile(entry.resolve(LOCK))) {
                    directories.add(entry);
                }
            }
        } catch (NoSuchFileException none) {
            return List.of();
        }
        directories.sort(null);
        List<Spill> left = new ArrayList<>();
        for (Path directory : directories) {
            try {
                Spill spill = lock(directory);
                if (spill != null) {
                    spill.adopt();
                    left.add(spill);
                }
            } catch (IOException e) {
                LOG.warn("the audit records left in {} cannot be read: {}", directory, e.toString());
            }
        }
        return left;
    }

    private static @Nullable Spill lock(Path place) throws IOException {
        Path directory = place.toRealPath();
        if (!HELD.add(directory)) {
            return null;
        }
        FileChannel lockFile = null;
        try {
            lockFile = open(directory.resolve(LOCK));
            FileLock lock = lockFile.tryLock();
            if (lock != null && lock.isValid()) {
                return new Spill(directory, lockFile, open(directory.resolve(TAKEN)));
            }
        } catch (IOException e) {
            release(directory, lockFile);
            throw e;
        }
        release(directory, lockFile);
        return null;
    }

    private static void release(Path directory, @Nullable FileChannel lockFile) throws IOException {
        try {
            if (lockFile != null) {
                lockFile.close();
            }
        } finally {
            HELD.remove(directory);
        }
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                OwnerOnly.file(file));
    }

    private void adopt() throws IOException {
        List<Path> files;
        try (Stream<Path> entries = Files.list(directory)) {
            files = entries.filter(file -> file.toString().endsWith(SpillSegment.SUFFIX))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            SpillSegment segment = SpillSegment.open(file);
            segments.add(segment);
            bytes += segment.size();
        }
        ByteBuffer note = ByteBuffer.allocate(Long.BYTES);
        taken = takenFile.read(note, 0) == Long.BYTES ? note.flip().getLong() : 0;
        OptionalLong tally = Tally.read(writer());
        exact = tally.isPresent();
        taken = tally.orElse(taken);
    }

    /** Whose records these are. */
    String writer() {
        return directory.getFileName().toString();
    }

    long bytes() {
        return bytes;
    }

    boolean isEmpty() {
        return segments.isEmpty();
    }

    /** How many records the writer has taken on, as far as that is known. */
    long taken() {
        return taken;
    }

    /** Whether that is known to the last of them, or as far as the writer came to note it. */
    boolean isExact() {
        return exact;
    }

    /** Notes how many records the writer has taken on, for whoever goes on in its place. */
    void taken(long records) throws IOException {
        ByteBuffer note = ByteBuffer.allocate(Long.BYTES).putLong(records).flip();
        while (note.hasRemaining()) {
            takenFile.write(note, note.position());
        }
        taken = records;
    }

    /**
     * Appends {@code rows}, all or none of them.
     *
     * @return false if they would be more than {@code maxBytes} together with what is there
     */
    boolean append(List<StoredRow> rows, long maxBytes) throws IOException {
        List<byte[]> frames = new ArrayList<>(rows.size());
        int length = 0;
        for (StoredRow row : rows) {
            byte[] frame = SpillFrame.of(row);
            frames.add(frame);
            length += frame.length;
        }
        if (bytes + length > maxBytes) {
            return false;
        }
        ByteBuffer all = ByteBuffer.allocate(length);
        frames.forEach(all::put);
        last().append(all.flip());
        bytes += length;
        return true;
    }

    private SpillSegment last() throws IOException {
        SpillSegment last = segments.peekLast();
        if (last == null || last.size() >= MAX_SEGMENT_BYTES) {
            String name = String.format(Locale.ROOT, "%012d%s", nextSegment, SpillSegment.SUFFIX);
            last = SpillSegment.create(directory.resolve(name));
            nextSegment++;
            segments.add(last);
        }
        return last;
    }

    /** The oldest rows, at least one unless it is empty. */
    SpillSegment.Page read(int maxRows, long maxWeight) throws IOException {
        SpillSegment first = segments.peekFirst();
        while (first != null) {
            try {
                if (!first.isRead()) {
                    return first.read(maxRows, maxWeight);
                }
            } catch (SpillSegment.DamagedException damage) {
                LOG.error("{}: {}; they are dropped", first, damage.getMessage());
            }
            drop(segments.removeFirst());
            first = segments.peekFirst();
        }
        return new SpillSegment.Page(List.of(), 0);
    }

    /** What {@link #read} gave last is safe elsewhere. */
    void acknowledge(SpillSegment.Page page) throws IOException {
        SpillSegment first = segments.peekFirst();
        if (first != null) {
            first.acknowledge(page.end());
            if (first.isRead()) {
                drop(segments.removeFirst());
            }
        }
    }

    private void drop(SpillSegment segment) throws IOException {
        bytes -= segment.size();
        segment.delete();
    }

    /** Leaves what is there for another process. */
    @Override
    public void close() throws IOException {
        for (SpillSegment segment : segments) {
            segment.close();
        }
        takenFile.close();
        release(directory, lockFile);
    }

    /** Removes it with all that is in it. */
    void delete() throws IOException {
        while (!segments.isEmpty()) {
            drop(segments.removeFirst());
        }
        takenFile.close();
        Tally.forget(writer());
        Files.deleteIfExists(directory.resolve(TAKEN));
        Files.deleteIfExists(directory.resolve(LOCK));
        Files.deleteIfExists(directory);
        release(directory, lockFile);
    }

    @Override
    public String toString() {
        return directory.toString();
    }
}
