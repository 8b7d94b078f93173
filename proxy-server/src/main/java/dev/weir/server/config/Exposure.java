package dev.weir.server.config;

/** Who may see a scalar's value. */
enum Exposure {
    /** Stands in the file as it is. */
    OPEN,
    /** Came from the environment: may be shown to management, is never quoted in a message, which may reach a log. */
    SUBSTITUTED,
    /** A key, a password, a secret file: shown to nobody. */
    SECRET;

    Exposure or(Exposure other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
