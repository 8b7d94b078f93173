package dev.weir.server.config;

import dev.weir.core.Default;
import java.time.Duration;

/** One of {@code agents}: how answers are shaped for a kind of client. */
public record AgentConfig(
        @Default("1") int chunkSize,
        @Default("30.0") Duration timeout,
        @Default("50") int bufferSize,
        @Default("0.01") Duration delayBetweenChunks) {

    public AgentConfig {
        Expect.atLeast("chunk_size", chunkSize, 1);
        Expect.positive("timeout", timeout);
        Expect.atLeast("buffer_size", bufferSize, 1);
        if (bufferSize < chunkSize) {
            throw new IllegalArgumentException(
                    "buffer_size: " + bufferSize + " (expected: >= chunk_size, " + chunkSize + ")");
        }
    }
}
