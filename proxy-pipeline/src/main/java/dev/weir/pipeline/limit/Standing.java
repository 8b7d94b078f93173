package dev.weir.pipeline.limit;

/**
 * How the buckets of a request stand: of each quantity the one that is nearest to its end. A limit of 0 means that there is
 * none. Confined to its maker until it is handed on.
 */
final class Standing {
    private long requestLimit;
    private long requestsRemaining;
    private long requestResetMicros;
    private long tokenLimit;
    private long tokensRemaining;
    private long tokenResetMicros;

    /** Takes one subject's levels into account. */
    void add(Subject subject, long requestDebt, long tokenDebt, long burstMicros) {
        long rate = subject.requestRate();
        if (rate > 0) {
            long remaining = Level.remaining(requestDebt, rate, burstMicros);
            if (requestLimit == 0 || remaining < requestsRemaining) {
                requestLimit = subject.limits().requestsPerMinute();
                requestsRemaining = remaining;
                requestResetMicros = Level.resetMicros(requestDebt, rate);
            }
        }
        rate = subject.tokenRate();
        if (rate > 0) {
            long remaining = Level.remaining(tokenDebt, rate, burstMicros);
            if (tokenLimit == 0 || remaining < tokensRemaining) {
                tokenLimit = subject.limits().tokensPerMinute();
                tokensRemaining = remaining;
                tokenResetMicros = Level.resetMicros(tokenDebt, rate);
            }
        }
    }

    long requestLimit() {
        return requestLimit;
    }

    long requestsRemaining() {
        return requestsRemaining;
    }

    long requestResetMicros() {
        return requestResetMicros;
    }

    long tokenLimit() {
        return tokenLimit;
    }

    long tokensRemaining() {
        return tokensRemaining;
    }

    long tokenResetMicros() {
        return tokenResetMicros;
    }
}
