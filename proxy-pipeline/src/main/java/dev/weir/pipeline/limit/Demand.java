package dev.weir.pipeline.limit;

import java.util.List;

/**
 * What one request asks for.
 *
 * @param subjects whom it counts against, in the order of their kinds
 * @param tokens what it may take, by estimate; 0 for a request that takes none
 * @param burstMicros how much may be used at once, as time
 */
record Demand(List<Subject> subjects, long tokens, long burstMicros) {

    /** The tokens that are reserved with the subject at {@code index}. */
    long reserved(int index) {
        long rate = subjects.get(index).tokenRate();
        return rate == 0 ? 0 : Level.reservable(tokens, rate, burstMicros);
    }
}
