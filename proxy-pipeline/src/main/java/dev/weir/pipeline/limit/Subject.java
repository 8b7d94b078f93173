package dev.weir.pipeline.limit;

import dev.weir.core.Limits;

/**
 * Whom a request counts against.
 *
 * @param id which key or model; empty for all together
 * @param limits what it may ask for
 */
record Subject(Kind kind, String id, Limits limits) {
    /** In the order in which they are locked. */
    enum Kind {
        KEY("key", "this key"),
        MANAGEMENT("management", "this key on management routes"),
        MODEL("model", "this model"),
        GLOBAL("global", "all clients together");

        private final String label;
        private final String words;

        Kind(String label, String words) {
            this.label = label;
            this.words = words;
        }

        /** For metrics and names of keys. */
        String label() {
            return label;
        }

        /** For clients. */
        String words() {
            return words;
        }
    }

    long requestRate() {
        return Level.rate(limits.requestsPerMinute());
    }

    long tokenRate() {
        return Level.rate(limits.tokensPerMinute());
    }
}
