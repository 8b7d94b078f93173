package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where large request bodies are examined, so that no event loop stands still for as long as sixteen mebibytes of JSON take.
 * A few threads that end when there is nothing to do, and a bounded queue before them. Any thread.
 */
final class LargeBodies {
    private static final Logger LOG = LoggerFactory.getLogger(LargeBodies.class);

    /** Up to here examining a body, however it is made, takes an event loop less time than it may. */
    private static final int MIN_BYTES = 64 * 1024;

    private static final int MAX_THREADS = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    private static final int MAX_WAITING = 256;
    private static final long IDLE_SECONDS = 10;

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            MAX_THREADS,
            MAX_THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING),
            new DefaultThreadFactory("weir-bodies", true));

    LargeBodies() {
        threads.allowCoreThreadTimeOut(true);
    }

    static boolean isLarge(ByteBuf body) {
        return body.readableBytes() > MIN_BYTES;
    }

    /** Examines the body of {@code exchange}, which is told of it on its event loop unless it has ended. */
    void examine(Route.RequestReader reader, ServerExchange exchange) {
        ByteBuf body = exchange.body().retainedDuplicate();
        try {
            threads.execute(() -> {
                try {
                    Route.Reading reading = reader.examine(exchange.request(), body);
                    tell(exchange, () -> exchange.examined(reading, null));
                } catch (Throwable e) {
                    tell(exchange, () -> exchange.examined(null, e));
                } finally {
                    body.release();
                }
            });
        } catch (RejectedExecutionException full) {
            body.release();
            exchange.fail(new GatewayException(GatewayError.OVERLOADED, "too many large request bodies wait to be read")
                    .retryAfterMillis(1000));
        }
    }

    private static void tell(ServerExchange exchange, Runnable what) {
        try {
            exchange.eventLoop().execute(what);
        } catch (RejectedExecutionException shutDown) {
            LOG.debug("exchange {}: its event loop is gone", exchange.id());
        }
    }
}
