package dev.weir.testing;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A long write on a thread of its own, to see how far it gets when the other side does not read. <em>Any thread.</em> */
public final class Sending {
    private static final Duration LONGEST_BLOCK = Duration.ofMinutes(2);

    private final AtomicLong sentBytes = new AtomicLong();
    private volatile boolean finished;

    private Sending() {}

    static Sending start(Wire wire, byte[] chunk, long totalBytes) {
        Sending sending = new Sending();
        Thread thread = new Thread(() -> sending.run(wire, chunk, totalBytes), "wire-sending");
        thread.setDaemon(true);
        thread.start();
        return sending;
    }

    private void run(Wire wire, byte[] chunk, long totalBytes) {
        try {
            while (sentBytes.get() < totalBytes) {
                int length = (int) Math.min(chunk.length, totalBytes - sentBytes.get());
                wire.write(chunk, 0, length, Deadline.of("sendInBackground", LONGEST_BLOCK));
                sentBytes.addAndGet(length);
            }
            finished = true;
        } catch (PeerGone expected) {
            // The connection has ended; what was sent until then is the answer.
        }
    }

    /** The bytes that the kernel has taken so far, in whole chunks. */
    public long sentBytes() {
        return sentBytes.get();
    }

    /** Whether everything was sent. */
    public boolean finished() {
        return finished;
    }

    /** Returns the bytes sent once no more have been for that long; fails when it all goes out, or never stalls. */
    public long awaitStalled(Duration quiet, Duration timeout) {
        long[] last = {sentBytes.get(), System.nanoTime()};
        Await.until(timeout, "the sending stalls for " + quiet.toMillis() + " ms", () -> {
            if (finished) {
                throw new AssertionError("awaitStalled: all " + sentBytes.get() + " bytes were taken");
            }
            long now = sentBytes.get();
            if (now != last[0]) {
                last[0] = now;
                last[1] = System.nanoTime();
            }
            return System.nanoTime() - last[1] >= quiet.toNanos();
        });
        return last[0];
    }
}
