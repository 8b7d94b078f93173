package dev.weir.server.sim;

import java.util.concurrent.atomic.AtomicLong;

/** Which requests fail, by the error rate: the same ones for the same seed and order. *Any thread.* */
final class Faults {
    /** What becomes of a request. */
    enum Fault {
        NONE,
        REFUSE_500,
        REFUSE_503,
        CUT
    }

    private static final double TWO_TO_53 = 0x1p53;

    private final long seed;
    private final double rate;
    private final AtomicLong counter = new AtomicLong();

    Faults(long seed, double rate) {
        this.seed = seed;
        this.rate = rate;
    }

    Fault next() {
        long hash = Hash64.mix(seed ^ Hash64.mix(counter.incrementAndGet()));
        if ((hash >>> 11) / TWO_TO_53 >= rate) {
            return Fault.NONE;
        }
        // The low bits did not take part in the choice above.
        if ((hash & 1) == 0) {
            return Fault.CUT;
        }
        return (hash & 2) == 0 ? Fault.REFUSE_500 : Fault.REFUSE_503;
    }
}
