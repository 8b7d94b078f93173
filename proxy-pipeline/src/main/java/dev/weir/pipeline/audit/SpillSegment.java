package dev.weir.pipeline.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file of rows, written at its end and read from its beginning. Rows are {@linkplain SpillFrame framed}, so that one
 * of which only a part was written is known. Confined to one thread.
 */
final class SpillSegment implements AutoCloseable {
    static final String SUFFIX = ".spill";

    private final Path file;
    private final FileChannel channel;
    private long size;
    private long read;
    private boolean torn;

    private SpillSegment(Path file, FileChannel channel, long size) {
        this.file = file;
        this.channel = channel;
        this.size = size;
    }

    static SpillSegment create(Path file) throws IOException {
        FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                OwnerOnly.file(file));
        return new SpillSegment(file, channel, 0);
    }

    /** Opens what another process has left, to read it. */
    static SpillSegment open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new SpillSegment(file, channel, channel.size());
    }

    /** Bytes in the file. */
    long size() {
        return size;
    }

    boolean isRead() {
        return read >= size;
    }

    /**
     * Appends all of {@code frames} and has the disk confirm it: what was appended survives the end of the machine. After a
     * failure, nothing was appended, and nothing will be before what it left in the file is gone.
     */
    void append(ByteBuffer frames) throws IOException {
        if (torn) {
            cut();
        }
        long at = size;
        try {
            while (frames.hasRemaining()) {
                at += channel.write(frames, at);
            }
            channel.force(false);
        } catch (IOException e) {
            torn = true;
            try {
                cut();
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        size = at;
    }

    /** Cuts off what a failure left behind the last whole frame: the next process would take it for records. */
    private void cut() throws IOException {
        channel.truncate(size);
        torn = false;
    }

    /** The rows of up to so many frames from {@code offset} on, and where they end. */
    record Page(List<StoredRow> rows, long end) {}

    /**
     * Reads on behind what was acknowledged.
     *
     * @throws DamagedException if what follows was not written whole, or was changed
     */
    Page read(int maxRows, long maxWeight) throws IOException {
        List<StoredRow> rows = new ArrayList<>();
        long at = read;
        long weight = 0;
        while (at < size && rows.size() < maxRows && weight < maxWeight) {
            ByteBuffer frame = frame(at);
            if (frame == null) {
                return damaged(rows, at);
            }
            StoredRow row = SpillFrame.read(frame);
            rows.add(row);
            weight += row.weight();
            at += frame.capacity();
        }
        return new Page(rows, at);
    }

    /** The frame that begins at {@code at}; null if it is none, or not all of it is there. */
    private @Nullable ByteBuffer frame(long at) throws IOException {
        ByteBuffer head = bytes(at, SpillFrame.HEAD_BYTES);
        int length = head == null ? -1 : SpillFrame.length(head);
        ByteBuffer frame = length < 0 ? null : bytes(at, SpillFrame.HEAD_BYTES + length);
        return frame != null && SpillFrame.isWhole(frame) ? frame : null;
    }

    /** What was read before the damage is given first. */
    private Page damaged(List<StoredRow> rows, long at) throws IOException {
        if (rows.isEmpty()) {
            throw new DamagedException(size - at);
        }
        return new Page(rows, at);
    }

    /** So many bytes; null if there are fewer. */
    private @Nullable ByteBuffer bytes(long at, int length) throws IOException {
        if (at + length > size) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, at + bytes.position()) < 0) {
                return null;
            }
        }
        return bytes.flip();
    }

    /** What stands before {@code end} is done with. */
    void acknowledge(long end) {
        read = end;
    }

    /** The rest of a segment cannot be read. */
    static final class DamagedException extends IOException {
        private static final long serialVersionUID = 1;

        private final long bytes;

        DamagedException(long bytes) {
            super("the last " + bytes + " bytes are no records");
            this.bytes = bytes;
        }

        long bytes() {
            return bytes;
        }
    }

    void delete() throws IOException {
        channel.close();
        Files.deleteIfExists(file);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
