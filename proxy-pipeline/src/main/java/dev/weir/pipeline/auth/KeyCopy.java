package dev.weir.pipeline.auth;

import dev.weir.pipeline.auth.KeyRows.Version;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the copy of the keys on disk as new as it need be, without writing it for each of many changes. On a thread of its own:
 * a disk that stalls must not keep a revocation from being heard of.
 */
final class KeyCopy implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KeyCopy.class);
    private static final long PAUSE_MILLIS = 2_000;
    private static final long CONFIRM_MILLIS = 10_000;
    private static final long CLOSE_MILLIS = 10_000;

    private final KeyFile file;
    private final Supplier<@Nullable KeySnapshot> known;
    private final LongSupplier confirmedMillis;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;

    /** Used by {@link #read} before the start, and by the thread from then on. */
    private @Nullable Version copied;

    private long copiedMillis;
    private boolean fails;

    /**
     * @param known what is to be on disk; null while there is nothing
     * @param confirmedMillis when that was last known to be true
     */
    KeyCopy(KeyFile file, Supplier<@Nullable KeySnapshot> known, LongSupplier confirmedMillis) {
        this.file = file;
        this.known = known;
        this.confirmedMillis = confirmedMillis;
        thread = new Thread(this::run, "weir-keys-copy");
        thread.setDaemon(true);
    }

    /** What an earlier process left; null if that is nothing that can be used. */
    KeyFile.@Nullable Copy read() {
        try {
            KeyFile.Copy copy = file.read();
            if (copy != null) {
                copied = copy.snapshot().version();
                LOG.info("{} keys known from {}", copy.snapshot().size(), file);
            }
            return copy;
        } catch (IOException e) {
            LOG.warn("the copy of the keys, {}, cannot be used: {}", file, e.getMessage());
            return null;
        }
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            do {
                write(CONFIRM_MILLIS);
            } while (!closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS));
            write(0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(long confirmAfterMillis) {
        KeySnapshot next = known.get();
        long nowMillis = System.currentTimeMillis();
        boolean changed = next != null && !next.version().equals(copied);
        if (next == null || (!changed && nowMillis - copiedMillis < confirmAfterMillis)) {
            return;
        }
        try {
            if (changed) {
                file.write(next);
            }
            file.confirm(confirmedMillis.getAsLong());
            copied = next.version();
            fails = false;
        } catch (IOException e) {
            if (!fails) {
                LOG.warn("the copy of the keys, {}, cannot be written: {}", file, e.toString());
            }
            fails = true;
        }
        copiedMillis = nowMillis;
    }

    /** Writes what is known now. */
    @Override
    public void close() {
        closed.countDown();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
