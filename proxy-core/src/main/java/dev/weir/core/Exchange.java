package dev.weir.core;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** One request and its answer. Confined to one event loop: client, exchange and backend connection share it. */
public interface Exchange {
    RequestHead request();

    /** The route that was chosen when the request came; a reload does not change it. */
    Route route();

    /** Names this exchange in logs and in {@code x-request-id}: the client's own if it sent a sane one. */
    String id();

    /** The client, behind trusted proxies too. */
    InetAddress clientAddress();

    /** The value of {@code X-Forwarded-For} for a backend: the way the request came, as far as it is believed. */
    String forwardedFor();

    /** Whether the client's connection is encrypted, as far as Weir or a trusted proxy can tell. */
    boolean secure();

    EventLoop eventLoop();

    /** When the request's first byte arrived, by {@link System#nanoTime}. */
    long startNanos();

    /**
     * The collected body. Borrowed: do not release it, do not move its indices.
     *
     * @throws IllegalStateException before it was collected, which {@code needsBody} asks for
     */
    ByteBuf body();

    /**
     * Whether the body was collected, so that {@link #body} may be called. It stays so until the filters have been told that
     * the exchange is over.
     */
    default boolean isBodyCollected() {
        return false;
    }

    /** Puts another body in the place of the collected one. Takes {@code body}. */
    void replaceBody(ByteBuf body) throws GatewayException;

    <T> @Nullable T get(Key<T> key);

    <T> void set(Key<T> key, T value);

    /**
     * Has the response pass {@code filter} on its way to the client; the one attached last sees it first.
     *
     * @return the way to the client that begins with {@code filter}, for an endpoint that attaches one of its own
     */
    Downstream filterResponse(ResponseFilter filter);

    /**
     * Has what the endpoint answers pass {@code filter} before every filter that the chain attaches, wherever in the chain the
     * caller stands: for one that must know the answer as it came, and be told of its end before they are. Answers of
     * middlewares do not pass it; of an exchange that never came to its endpoint it hears nothing.
     */
    default void filterEndpoint(ResponseFilter filter) {
        filterResponse(filter);
    }

    /** A filter takes more of the response again, after {@link ResponseFilter#isWritable} was false. */
    default void resumeResponse() {}

    /**
     * A filter wants the answer no longer, after {@link ResponseFilter#outlivesClient} was true: ends the exchange if its client
     * has left and no other filter wants the answer. On the exchange's event loop, like everything else here.
     */
    default void endIfUnwanted() {}

    /** How the exchange stands towards its client, for logs and metrics. */
    Progress progress();
}
