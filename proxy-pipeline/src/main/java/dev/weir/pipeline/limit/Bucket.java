package dev.weir.pipeline.limit;

/** What one subject has used, in this process. Guarded by its own lock, which the callers of every method hold. */
final class Bucket {
    private long requestDebt;
    private long tokenDebt;
    private long asOfMicros;
    private int inFlight;
    private boolean retired;

    Bucket(long nowMicros) {
        asOfMicros = nowMicros;
    }

    /** Lets time pass, for a subject with the limits of {@code subject}. */
    void drain(Subject subject, long nowMicros) {
        long micros = nowMicros - asOfMicros;
        if (micros > 0) {
            requestDebt = subject.requestRate() == 0 ? 0 : Level.drained(requestDebt, subject.requestRate(), micros);
            tokenDebt = subject.tokenRate() == 0 ? 0 : Level.drained(tokenDebt, subject.tokenRate(), micros);
            asOfMicros = nowMicros;
        }
    }

    /** The microseconds until one of {@code quantity} fits, {@code tokens} of tokens; 0 when it does. */
    long waitMicros(Subject subject, Quantity quantity, long tokens, long burstMicros) {
        switch (quantity) {
            case REQUESTS:
                long rate = subject.requestRate();
                return rate == 0 ? 0 : Level.waitMicros(requestDebt, Level.UNIT, rate, burstMicros);
            case TOKENS:
                return tokens == 0
                        ? 0
                        : Level.waitMicros(tokenDebt, tokens * Level.UNIT, subject.tokenRate(), burstMicros);
            default:
                int parallel = subject.limits().parallel();
                return parallel == 0 || inFlight < parallel ? 0 : MemoryLimits.PARALLEL_WAIT_MICROS;
        }
    }

    void take(long tokens) {
        requestDebt += Level.UNIT;
        tokenDebt += tokens * Level.UNIT;
        inFlight++;
    }

    /** One request is over, and {@code tokens} more than it had reserved were taken; fewer if negative. */
    void settle(long tokens) {
        tokenDebt = Math.max(0, tokenDebt + tokens * Level.UNIT);
        inFlight--;
    }

    long requestDebt() {
        return requestDebt;
    }

    long tokenDebt() {
        return tokenDebt;
    }

    int inFlight() {
        return inFlight;
    }

    /** When it was used last. */
    long asOfMicros() {
        return asOfMicros;
    }

    boolean isRetired() {
        return retired;
    }

    /** It is not found any more. */
    void retire() {
        retired = true;
    }
}
