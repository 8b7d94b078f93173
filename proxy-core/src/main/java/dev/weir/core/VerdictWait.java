package dev.weir.core;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A chain's wait for a verdict made elsewhere. Ends once: with the verdict, at its deadline, or with the exchange; a verdict
 * that comes later is dropped and its resources released. Runs on the event loop.
 */
final class VerdictWait {
    private final ServerExchange exchange;
    private final Timeout timer;
    private boolean over;

    VerdictWait(ServerExchange exchange) {
        this.exchange = exchange;
        this.timer = new Timeout(exchange.eventLoop(), this::expired);
    }

    /** Waits for {@code pending}, at most {@code millis}; 0 for ever. */
    void begin(CompletableFuture<Verdict> pending, long millis) {
        if (millis > 0) {
            timer.set(millis);
        }
        pending.whenComplete((verdict, failure) -> {
            try {
                exchange.eventLoop().execute(() -> decided(verdict, failure));
            } catch (RuntimeException shutDown) {
                drop(verdict);
            }
        });
    }

    /** The exchange is over. */
    void stop() {
        over = true;
        timer.close();
    }

    private void decided(@Nullable Verdict verdict, @Nullable Throwable failure) {
        if (over) {
            drop(verdict);
            return;
        }
        stop();
        exchange.decided(failure == null ? verdict : refusal(failure));
    }

    private Verdict refusal(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return Verdict.reject(
                cause instanceof GatewayException refusal
                        ? refusal
                        : exchange.internalError("a middleware's wait", cause));
    }

    private void expired() {
        if (!over) {
            stop();
            exchange.fail(new GatewayException(GatewayError.OVERLOADED, "a check of this request took too long")
                    .retryAfterMillis(1000));
        }
    }

    private static void drop(@Nullable Verdict late) {
        if (late instanceof Verdict.Respond respond) {
            respond.response().release();
        } else if (late instanceof Verdict.Await await) {
            CompletionStage<Verdict> pending = await.pending();
            pending.whenComplete((verdict, failure) -> drop(verdict));
        }
    }
}
