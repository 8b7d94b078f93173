package dev.weir.server.config;

import dev.weir.core.Default;
import java.time.Duration;

/** {@code timeouts} of a backend: until connected, until the first byte, between bytes, and all together. */
public record BackendTimeouts(
        @Default("2s") Duration connect,
        @Default("300s") Duration firstByte,
        @Default("120s") Duration idle,
        @Default("3600s") Duration total) {

    public BackendTimeouts {
        Expect.positive("connect", connect);
        Expect.positive("first_byte", firstByte);
        Expect.positive("idle", idle);
        Expect.positive("total", total);
    }
}
