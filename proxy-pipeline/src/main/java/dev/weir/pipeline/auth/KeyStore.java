package dev.weir.pipeline.auth;

import dev.weir.core.GatewayException;
import org.jspecify.annotations.Nullable;

/** Knows keys by their digests. Shared by all event loops; answers from memory, at once. */
@FunctionalInterface
interface KeyStore {
    /**
     * What a key is good for.
     *
     * @param digest the key's, made by {@link KeyDigest}
     * @return null if there is no such key
     * @throws GatewayException if that cannot be known now, or if it is known that the key is good no more
     */
    @Nullable
    Grant find(byte[] digest) throws GatewayException;
}
