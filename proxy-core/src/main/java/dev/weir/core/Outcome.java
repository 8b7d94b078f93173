package dev.weir.core;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How an exchange ended.
 *
 * @param end the way it ended
 * @param failure the error answered, or what cut the answer; null when none was
 */
public record Outcome(End end, @Nullable GatewayException failure) {
    /** The ways an exchange can end. */
    public enum End {
        /** The whole answer was handed to the connection; it may be an error. */
        ANSWERED,
        /** The client went before the end of its answer. */
        CLIENT_LEFT,
        /** The answer was cut after its head: a backend failed, a time limit passed, the drain deadline came. */
        CUT;

        private final String label = name().toLowerCase(Locale.ROOT);

        /** What logs and records call it. */
        public String label() {
            return label;
        }
    }

    static final Outcome ANSWERED = new Outcome(End.ANSWERED, null);
    static final Outcome CLIENT_LEFT = new Outcome(End.CLIENT_LEFT, null);
}
