package dev.weir.core;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where requests of one kind go, and what they pass on the way. Immutable; a reload makes new ones.
 *
 * @param name the route's pattern, for logs and metrics; never anything a client sent
 * @param access who may use it
 * @param dialect how its errors look
 * @param chain the middlewares, in order
 * @param endpoint who answers
 * @param requestReader understands the collected body, or null when nobody needs to
 * @param maxBodyBytes a larger body is refused
 */
public record Route(
        String name,
        Access access,
        Dialect dialect,
        List<Middleware> chain,
        Endpoint endpoint,
        @Nullable RequestReader requestReader,
        long maxBodyBytes) {
    /** Who may use a route. */
    public enum Access {
        /** Everybody. */
        OPEN,
        /** Any valid key. */
        CLIENT,
        /** The master key, the management key, or a key of that scope. */
        MANAGEMENT
    }

    public Route {
        chain = List.copyOf(chain);
    }

    /** Understands a request by its body: which model, whether to stream. Stateless. */
    @FunctionalInterface
    public interface RequestReader {
        /**
         * Reads what others need to know of the collected body and leaves it in the exchange. Runs on the event loop: once the
         * body is complete, and again when it is replaced.
         *
         * @throws GatewayException if the body is not what the route expects
         */
        void read(Exchange exchange) throws GatewayException;

        /**
         * The part of {@link #read} that looks at every byte: of a large body it is done by another thread than the event
         * loop. Borrows the body and moves no index. Any thread.
         *
         * @throws GatewayException if the body is not what the route expects
         */
        default Reading examine(RequestHead request, ByteBuf body) throws GatewayException {
            return this::read;
        }
    }

    /** What a body was found to hold. */
    @FunctionalInterface
    public interface Reading {
        /** Leaves it in the exchange. Runs on the event loop. */
        void into(Exchange exchange) throws GatewayException;
    }
}
