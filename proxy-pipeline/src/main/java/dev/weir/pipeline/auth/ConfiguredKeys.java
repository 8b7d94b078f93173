package dev.weir.pipeline.auth;

import dev.weir.core.Identity;
import dev.weir.core.Route.Access;
import java.security.MessageDigest;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The master key and the management key. Immutable. */
final class ConfiguredKeys implements KeyStore {
    private static final Grant MASTER = new Grant(
            new Identity("master", true, true), Set.of(Access.CLIENT, Access.MANAGEMENT), false, KeyBudget.NONE);
    private static final Grant MANAGEMENT =
            new Grant(new Identity("management", false, true), Set.of(Access.MANAGEMENT), false, KeyBudget.NONE);

    private final byte[] master;
    private final byte @Nullable [] management;

    ConfiguredKeys(String masterKey, @Nullable String managementKey) {
        master = KeyDigest.ofConfigured(masterKey);
        management = managementKey == null ? null : KeyDigest.ofConfigured(managementKey);
    }

    /** Compares digests of one length in constant time: how long it takes tells nothing about a key. */
    @Override
    public @Nullable Grant find(byte[] digest) {
        if (MessageDigest.isEqual(digest, master)) {
            return MASTER;
        }
        return management != null && MessageDigest.isEqual(digest, management) ? MANAGEMENT : null;
    }
}
