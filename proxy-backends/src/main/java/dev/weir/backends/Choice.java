package dev.weir.backends;

/** What choosing among targets came to: a slot on one of them, or why there is none. */
sealed interface Choice permits Lease, Choice.None {
    /** Why nothing could be chosen. */
    enum None implements Choice {
        /** Some target is fit, but all of those are at their limit. */
        BUSY,
        /** No target is fit. */
        DOWN
    }
}
