package dev.weir.pipeline.usage;

import dev.weir.core.Dispatch;
import dev.weir.core.Exchange;
import dev.weir.core.Identity;
import dev.weir.core.ModelProfile;
import dev.weir.core.ModelProfiles;
import dev.weir.core.ModelRequest;
import dev.weir.core.Outcome;
import dev.weir.core.Progress;
import dev.weir.core.TokenUsage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What one exchange used. */
record UsageEntry(
        String keyId,
        String keyName,
        String model,
        String backend,
        long promptTokens,
        long completionTokens,
        long cachedTokens,
        boolean estimated,
        boolean error,
        boolean aborted,
        boolean cacheHit,
        double cost,
        long totalMillis,
        long firstByteMillis,
        long endMillis) {
    private static final double TOKENS_PER_PRICE = 1_000_000;

    /** What {@code exchange}, which is over, used; null if it was no request for a model. */
    static @Nullable UsageEntry of(
            Exchange exchange, TokenUsage usage, Outcome outcome, boolean cacheHit, ModelProfiles models) {
        Dispatch dispatch = exchange.get(Dispatch.KEY);
        if (dispatch == null && exchange.route().requestReader() == null) {
            return null;
        }
        Identity identity = exchange.get(Identity.KEY);
        ModelRequest request = exchange.get(ModelRequest.KEY);
        Progress progress = exchange.progress();
        String model = dispatch != null ? dispatch.model() : cacheHit && request != null ? request.model() : "";
        boolean aborted = outcome.end() == Outcome.End.CLIENT_LEFT;
        return new UsageEntry(
                identity == null ? "" : identity.id(),
                identity == null ? "" : identity.name(),
                model,
                dispatch == null ? "" : dispatch.backend(),
                usage.promptTokens(),
                usage.completionTokens(),
                usage.cachedTokens(),
                usage.isEstimated(),
                !aborted && (outcome.failure() != null || progress.status() >= 400),
                aborted,
                cacheHit,
                cost(models.of(model), usage),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - exchange.startNanos()),
                progress.headNanos() == 0
                        ? 0
                        : TimeUnit.NANOSECONDS.toMillis(progress.headNanos() - exchange.startNanos()),
                System.currentTimeMillis());
    }

    private static double cost(ModelProfile profile, TokenUsage usage) {
        return (profile.promptPrice() * usage.promptTokens() + profile.completionPrice() * usage.completionTokens())
                / TOKENS_PER_PRICE;
    }

    /** Whether a backend answered it to the end. */
    boolean isServed() {
        return !error && !aborted && !backend.isEmpty();
    }
}
