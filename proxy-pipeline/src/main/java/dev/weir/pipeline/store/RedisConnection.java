package dev.weir.pipeline.store;

import io.lettuce.core.SetArgs;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.util.concurrent.CompletionStage;

/**
 * An open connection, or those to all nodes of a Cluster. Any thread.
 *
 * @param channel what is to be closed
 * @param commands what single, Sentinel and Cluster have in common
 */
record RedisConnection(StatefulConnection<String, byte[]> channel, RedisClusterAsyncCommands<String, byte[]> commands) {
    private static final byte[] NOTHING = {};
    private static final long PROBE_TTL_MILLIS = 1_000;

    boolean isOpen() {
        return channel.isOpen();
    }

    /** Writes a key that expires at once: says that the node which holds {@code neighbour} answers, and takes writes. */
    CompletionStage<?> probe(String neighbour) {
        int open = neighbour.indexOf('{');
        String key = open >= 0 && neighbour.indexOf('}', open) > open + 1
                ? "weir:probe:" + neighbour.substring(open)
                : "weir:probe:{" + neighbour + "}";
        return commands.set(key, NOTHING, SetArgs.Builder.px(PROBE_TTL_MILLIS));
    }

    void close() {
        channel.closeAsync();
    }
}
