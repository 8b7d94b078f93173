package dev.weir.server.config;

import dev.weir.core.Default;
import org.jspecify.annotations.Nullable;

/** {@code policy} of a model: what the gateway decides, not its clients. Null = the client's or the server's choice. */
public record ModelPolicy(
        @Nullable NumCtx numCtx,
        @Nullable KeepAlive keepAlive,
        @Default("false") boolean preload) {

    /** The context length when a client names none, and the greatest one a client may ask for. */
    @SuppressWarnings("MemberName")
    public record NumCtx(
            @Nullable Integer default_, @Nullable Integer max) {
        public NumCtx {
            if (default_ != null) {
                Expect.atLeast("default", default_, 1);
            }
            if (max != null) {
                Expect.atLeast("max", max, 1);
            }
            if (default_ != null && max != null && default_ > max) {
                throw new IllegalArgumentException("default: " + default_ + " (expected: <= max, " + max + ")");
            }
        }
    }
}
