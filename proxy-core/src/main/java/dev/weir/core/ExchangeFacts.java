package dev.weir.core;

import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What is known of a request from its head on, and the values its parts leave for each other. Runs on the event loop. */
abstract class ExchangeFacts implements Exchange {
    private static final Object[] NOTHING = {};

    private final RequestHead request;
    private final Route route;
    private final ClientFacts client;
    private final String id;
    private final long startNanos;
    private Object[] values = NOTHING;

    ExchangeFacts(RequestHead request, Route route, ClientFacts client, long startNanos) {
        this.request = request;
        this.route = route;
        this.client = client;
        this.id = RequestId.of(request.headers());
        this.startNanos = startNanos;
    }

    @Override
    public final RequestHead request() {
        return request;
    }

    @Override
    public final Route route() {
        return route;
    }

    @Override
    public final String id() {
        return id;
    }

    @Override
    public final InetAddress clientAddress() {
        return client.address();
    }

    @Override
    public final String forwardedFor() {
        return client.forwardedFor();
    }

    @Override
    public final boolean secure() {
        return client.secure();
    }

    @Override
    public final long startNanos() {
        return startNanos;
    }

    @Override
    public final <T> @Nullable T get(Key<T> key) {
        return key.index() < values.length ? key.cast(values[key.index()]) : null;
    }

    @Override
    public final <T> void set(Key<T> key, T value) {
        if (key.index() >= values.length) {
            values = Arrays.copyOf(values, Math.max(8, key.index() + 4));
        }
        values[key.index()] = value;
    }
}
