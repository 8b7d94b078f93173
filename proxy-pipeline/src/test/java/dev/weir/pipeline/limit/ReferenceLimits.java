package dev.weir.pipeline.limit;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What limits mean, written down as plainly as can be: buckets that fill, in numbers without end; a bucket's size may change
 * with every request, so it is what has been used that is kept. Confined to one thread.
 */
final class ReferenceLimits {
    private static final BigInteger MINUTE = BigInteger.valueOf(60_000_000);

    private final Map<String, State> states = new HashMap<>();

    /** Amounts are in 60-millionths. */
    private static final class State {
        private BigInteger usedRequests = BigInteger.ZERO;
        private BigInteger usedTokens = BigInteger.ZERO;
        private long at;
        private int inFlight;

        void passTo(long now, Subject subject) {
            usedRequests = less(usedRequests, subject.limits().requestsPerMinute(), now - at);
            usedTokens = less(usedTokens, subject.limits().tokensPerMinute(), now - at);
            at = now;
        }

        private static BigInteger less(BigInteger used, long perMinute, long micros) {
            return used.subtract(BigInteger.valueOf(perMinute).multiply(BigInteger.valueOf(micros)))
                    .max(BigInteger.ZERO);
        }
    }

    /** What a request took. */
    record Taken(Demand demand, List<Long> tokens) {}

    private State state(Subject subject, long now) {
        State state = states.computeIfAbsent(subject.kind() + subject.id(), key -> new State());
        state.passTo(now, subject);
        return state;
    }

    private static BigInteger size(long perMinute, long burstMicros) {
        return BigInteger.valueOf(perMinute)
                .multiply(BigInteger.valueOf(burstMicros))
                .max(MINUTE);
    }

    @Nullable
    Taken take(Demand demand, long now) {
        List<Long> tokens = new ArrayList<>();
        for (Subject subject : demand.subjects()) {
            State state = state(subject, now);
            long requestRate = subject.limits().requestsPerMinute();
            long tokenRate = subject.limits().tokensPerMinute();
            long reserved = 0;
            if (tokenRate > 0) {
                BigInteger size = size(tokenRate, demand.burstMicros());
                reserved = Math.min(demand.tokens(), size.divide(MINUTE).longValueExact());
                BigInteger after = state.usedTokens.add(MINUTE.multiply(BigInteger.valueOf(reserved)));
                if (reserved > 0 && after.compareTo(size) > 0) {
                    return null;
                }
            }
            if (requestRate > 0
                    && state.usedRequests.add(MINUTE).compareTo(size(requestRate, demand.burstMicros())) > 0) {
                return null;
            }
            if (subject.limits().parallel() > 0
                    && state.inFlight >= subject.limits().parallel()) {
                return null;
            }
            tokens.add(reserved);
        }
        for (int i = 0; i < tokens.size(); i++) {
            State state = state(demand.subjects().get(i), now);
            state.usedRequests = state.usedRequests.add(MINUTE);
            state.usedTokens = state.usedTokens.add(MINUTE.multiply(BigInteger.valueOf(tokens.get(i))));
            state.inFlight++;
        }
        return new Taken(demand, tokens);
    }

    void settle(Taken taken, long tokens, long now) {
        for (int i = 0; i < taken.tokens.size(); i++) {
            Subject subject = taken.demand.subjects().get(i);
            State state = state(subject, now);
            state.inFlight--;
            if (subject.limits().tokensPerMinute() > 0) {
                state.usedTokens = state.usedTokens
                        .add(MINUTE.multiply(BigInteger.valueOf(tokens - taken.tokens.get(i))))
                        .max(BigInteger.ZERO);
            }
        }
    }
}
