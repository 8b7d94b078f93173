package dev.weir.server.management;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes an answer on a thread that may wait for the database. A database that is away is a 503 that says so. */
@FunctionalInterface
interface DatabaseTask {
    Logger LOG = LoggerFactory.getLogger(DatabaseTask.class);

    /** Does what may wait, and answers. */
    LocalResponse run() throws Exception;

    /** Has {@code task} run, and answers with what it makes, or why it does not. */
    static void answer(Database database, Exchange exchange, Downstream downstream, DatabaseTask task) {
        database.later(task::run)
                .whenCompleteAsync(
                        (response, failure) -> {
                            if (failure == null) {
                                downstream.respond(response);
                            } else {
                                downstream.fail(refusal(failure));
                            }
                        },
                        exchange.eventLoop());
    }

    private static GatewayException refusal(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof GatewayException refusal) {
            return refusal;
        }
        if (cause instanceof DatabaseAwayException) {
            return new GatewayException(GatewayError.STORE_UNAVAILABLE, String.valueOf(cause.getMessage()), cause);
        }
        if (cause instanceof IllegalArgumentException) {
            String message = String.valueOf(cause.getMessage());
            return new GatewayException(GatewayError.BAD_REQUEST, message, cause)
                    .param(message.substring(0, Math.max(0, message.indexOf(':'))));
        }
        LOG.error("a management request failed", cause);
        return new GatewayException(GatewayError.INTERNAL, "the gateway failed to do this; its log says why", cause);
    }
}
