package dev.weir.server.config;

import dev.weir.core.Default;

/** {@code metrics}: who may read them. */
public record MetricsConfig(@Default("loopback") Access access) {
    /** Clients on this machine (by effective address), everyone, or holders of a management key. */
    public enum Access {
        LOOPBACK,
        OPEN,
        MANAGEMENT
    }
}
