package dev.weir.core;

/**
 * What the engine is told about clients. Immutable; a reload brings a new one for requests that begin after it.
 *
 * @param limits what a head may hold
 * @param maxConnections client connections at once; beyond it only open routes answer
 * @param maxConnectionsPerAddress of them from one address, unless it is a trusted proxy's; 0 for no limit
 * @param maxBufferedBytes collected request bodies of all exchanges together; never more than half of the direct memory
 * @param timeouts how long things may take
 * @param trustedProxies peers whose forwarding headers are believed
 * @param allowFrom clients that may connect; empty for everyone
 */
public record EngineSettings(
        HttpLimits limits,
        int maxConnections,
        int maxConnectionsPerAddress,
        long maxBufferedBytes,
        Timeouts timeouts,
        CidrSet trustedProxies,
        CidrSet allowFrom) {

    /**
     * How long a client may take, in milliseconds; 0 means for ever.
     *
     * @param headerMillis from the first byte of a request to the end of its head
     * @param bodyIdleMillis for the next 4 KiB of a request's body, or its end
     * @param keepAliveMillis between two requests
     * @param writeStallMillis for a client to take any of the bytes that wait for it
     * @param awaitMillis for a middleware that waits
     */
    public record Timeouts(
            long headerMillis, long bodyIdleMillis, long keepAliveMillis, long writeStallMillis, long awaitMillis) {
        public static final Timeouts DEFAULT = new Timeouts(10_000, 30_000, 75_000, 60_000, 10_000);
    }

    public static final EngineSettings DEFAULT = new EngineSettings(
            HttpLimits.DEFAULT,
            10_000,
            0,
            Runtime.getRuntime().maxMemory() / 4,
            Timeouts.DEFAULT,
            CidrSet.EMPTY,
            CidrSet.EMPTY);
}
