package dev.weir.core;

/**
 * Decides which requests of a connection become exchanges: what is settled before the chain of a route. Runs on the event
 * loop.
 */
final class Admission {
    private final Engine engine;
    private final ClientFacts peer;
    private final boolean overLimit;

    /**
     * @param peer the other end of the connection
     * @param overLimit whether there are too many connections for any but open routes
     */
    Admission(Engine engine, ClientFacts peer, boolean overLimit) {
        this.engine = engine;
        this.peer = peer;
        this.overLimit = overLimit;
    }

    /** The exchange of a request that may have one. */
    ServerExchange admit(ClientConnection connection, RequestHead head, long startNanos) throws BadMessageException {
        Engine.Snapshot snapshot = engine.snapshot();
        ClientFacts client =
                ClientFacts.of(peer, head.headers(), snapshot.settings().trustedProxies());
        CidrSet allowed = snapshot.settings().allowFrom();
        if (!allowed.isEmpty() && !allowed.contains(client.address())) {
            throw new BadMessageException(403, "this address may not connect");
        }
        Route route = snapshot.router().route(head);
        if (overLimit && route.access() != Route.Access.OPEN) {
            throw new BadMessageException(503, "too many connections");
        }
        if (route.access() != Route.Access.OPEN && engine.isShortOfMemory()) {
            throw new BadMessageException(503, "out of memory for new requests");
        }
        return new ServerExchange(connection, engine, head, route, client, startNanos);
    }
}
