package dev.weir.pipeline.audit;

import dev.weir.core.ByteSize;
import dev.weir.pipeline.audit.AuditSettings.Mode;
import java.time.Duration;
import java.util.List;

/** Settings as a test wants them; what it does not say is as in the configuration that is shipped. */
final class AuditSettingsBuilder {
    private Mode mode = Mode.BEST_EFFORT;
    private boolean bodies;
    private long bodyLimit = 64 << 10;
    private int queue = 10_000;
    private long spillMax = 1 << 30;
    private final Duration retention = Duration.ofDays(90);

    AuditSettingsBuilder required() {
        mode = Mode.REQUIRED;
        return this;
    }

    AuditSettingsBuilder bodies(long limit) {
        bodies = true;
        bodyLimit = limit;
        return this;
    }

    AuditSettingsBuilder queue(int places) {
        queue = places;
        return this;
    }

    AuditSettingsBuilder spillMax(long bytes) {
        spillMax = bytes;
        return this;
    }

    AuditSettings build() {
        return new AuditSettings(
                mode,
                bodies,
                new ByteSize(bodyLimit),
                List.of("api_key", "authorization"),
                queue,
                "data/spill",
                new ByteSize(spillMax),
                retention);
    }
}
