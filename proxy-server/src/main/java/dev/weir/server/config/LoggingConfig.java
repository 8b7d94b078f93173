package dev.weir.server.config;

import dev.weir.core.ByteSize;
import dev.weir.core.Default;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** {@code logging}: what is logged, how, and whether to a file besides the standard output. */
public record LoggingConfig(
        @Default("INFO") Level level,
        @Default("json") Format format,
        @Default("true") boolean accessLog,
        @Nullable LogFile file) {

    /** The least severe level that is logged. */
    public enum Level {
        TRACE,
        DEBUG,
        INFO,
        WARN,
        ERROR,
        OFF
    }

    /** One JSON object a line, or text for people. */
    public enum Format {
        JSON,
        TEXT
    }

    /** A file that is rolled when it reaches its size; {@code keep} older ones stay. */
    public record LogFile(
            @Default("logs/weir.log") Path path,
            @Default("100MB") ByteSize maxSize,
            @Default("10") int keep) {

        public LogFile {
            Expect.atLeast("max_size", maxSize.bytes(), 1024);
            Expect.between("keep", keep, 0, 1000);
        }
    }
}
