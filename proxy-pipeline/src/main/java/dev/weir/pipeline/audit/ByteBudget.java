package dev.weir.pipeline.audit;

import java.util.concurrent.atomic.AtomicLong;

/** Bounds what many hold together. Any thread. */
final class ByteBudget {
    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong();

    ByteBudget(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Takes so many bytes, or nothing. */
    boolean take(int more) {
        if (bytes.addAndGet(more) > maxBytes) {
            bytes.addAndGet(-more);
            return false;
        }
        return true;
    }

    void giveBack(int less) {
        bytes.addAndGet(-less);
    }

    /** Whether more than half is taken. */
    boolean isShort() {
        return bytes.get() > maxBytes / 2;
    }

    /** What is taken. */
    long bytes() {
        return bytes.get();
    }
}
