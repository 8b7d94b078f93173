package dev.weir.pipeline.audit;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many records a writer has taken on, in memory that outlives its process: a mapped file of a file system that is itself in
 * memory. So it is exact at any moment, also when the process is killed, and an event loop that counts waits for no disk. Where
 * there is no such file system it is a number like any other, and ends with its process. Any thread.
 */
final class Tally implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Tally.class);
    private static final VarHandle COUNT = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");
    private static final String PREFIX = "weir-audit-";

    /**
     * systemd's directory for the service, which outlives a process if the unit says {@code RuntimeDirectoryPreserve=yes}; without
     * one, where POSIX has shared memory.
     */
    private static final Path PLACE = Path.of(
            System.getenv().getOrDefault("RUNTIME_DIRECTORY", "/dev/shm").split(":", 2)[0]);

    private final ByteBuffer count;
    private final @Nullable Path file;

    private Tally(ByteBuffer count, @Nullable Path file) {
        this.count = count;
        this.file = file;
    }

    /** That of {@code writer}, at zero. */
    static Tally of(String writer) {
        return of(PLACE, writer);
    }

    static Tally of(Path place, String writer) {
        Path file = file(place, writer);
        try {
            if (IN_MEMORY.contains(Files.getFileStore(place).type())) {
                return new Tally(map(file), file);
            }
        } catch (IOException e) {
            LOG.debug(
                    "{} cannot be made: if this process is killed, nobody knows the count of its last moments",
                    file,
                    e);
        }
        return ofThisProcess();
    }

    /** One that ends with its process. */
    static Tally ofThisProcess() {
        return new Tally(ByteBuffer.allocateDirect(Long.BYTES), null);
    }

    /** Fails on a file that is there already: it is another's. */
    private static ByteBuffer map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                OwnerOnly.file(file))) {
            return map(channel);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private static ByteBuffer map(FileChannel channel) throws IOException {
        // Written, so that the memory is taken now, while it may be refused.
        channel.write(ByteBuffer.allocate(Long.BYTES));
        return channel.map(FileChannel.MapMode.READ_WRITE, 0, Long.BYTES);
    }

    private static Path file(Path place, String writer) {
        return place.resolve(PREFIX + writer);
    }

    /** What a writer of another process came to; empty if that is not known. */
    static OptionalLong read(String writer) {
        return read(PLACE, writer);
    }

    static OptionalLong read(Path place, String writer) {
        Path file = file(place, writer);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return OptionalLong.empty();
        }
        try (FileChannel channel = FileChannel.open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
            return channel.read(bytes) == Long.BYTES ? OptionalLong.of(bytes.getLong(0)) : OptionalLong.empty();
        } catch (IOException e) {
            LOG.warn("{} cannot be read: {}", file, e.toString());
            return OptionalLong.empty();
        }
    }

    /** Forgets what a writer of another process came to. */
    static void forget(String writer) {
        remove(file(PLACE, writer));
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("{} stays: {}", file, e.toString());
        }
    }

    void add(long more) {
        COUNT.getAndAdd(count, 0, more);
    }

    long get() {
        return (long) COUNT.getVolatile(count, 0);
    }

    /** Whoever comes next does not learn of it: it is written down elsewhere. */
    @Override
    public void close() {
        if (file != null) {
            remove(file);
        }
    }
}
