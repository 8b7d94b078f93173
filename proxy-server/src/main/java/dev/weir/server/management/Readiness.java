package dev.weir.server.management;

import dev.weir.backends.Backend;
import dev.weir.pipeline.audit.AuditSettings;
import dev.weir.pipeline.audit.AuditWriter;
import dev.weir.pipeline.auth.StoredKeys;
import dev.weir.pipeline.limit.LimitSettings;
import dev.weir.pipeline.limit.LimitSettings.Amounts;
import dev.weir.pipeline.limit.LimitSettings.OnStoreFailure;
import dev.weir.pipeline.limit.LimitSettings.Store;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Redis;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether requests of clients would be served if they came now. Looks only at what this process knows already. A store that is
 * away stands in the way only where the configuration has nothing to bridge it with: then every request would be refused, and
 * another instance may be better off. Any thread.
 */
public final class Readiness {
    private final GatewayControl gateway;
    private final Stores stores;
    private final Needs needs;

    /**
     * What requests may need besides a backend.
     *
     * @param redis null for none
     * @param audit where records wait for the database
     */
    public record Stores(
            Database database, StoredKeys keys, @Nullable Redis redis, AuditWriter audit) {}

    /**
     * What the middlewares of the pipeline need of the stores.
     *
     * @param keys whether clients send keys that are looked up
     * @param limits whether no request passes unless Redis has counted it
     * @param auditPlaces how many records may wait when no request passes without one; 0 when they pass
     */
    public record Needs(boolean keys, boolean limits, int auditPlaces) {
        /**
         * Reads it out of the configuration.
         *
         * @param pipeline the names of the middlewares that requests of clients go through
         * @param limits null when they could not be read
         * @param audit null when they could not be read
         */
        public static Needs of(List<String> pipeline, @Nullable LimitSettings limits, @Nullable AuditSettings audit) {
            boolean limited = pipeline.contains("rate_limit")
                    && limits != null
                    && limits.store() != Store.MEMORY
                    && limits.onStoreFailure() == OnStoreFailure.REJECT
                    && (isSome(limits.perKey()) || isSome(limits.global()));
            boolean audited =
                    pipeline.contains("audit") && audit != null && audit.mode() == AuditSettings.Mode.REQUIRED;
            return new Needs(pipeline.contains("auth"), limited, audit != null && audited ? audit.queue() : 0);
        }

        private static boolean isSome(Amounts amounts) {
            return amounts.requestsPerMinute() > 0 || amounts.tokensPerMinute() > 0 || amounts.parallel() > 0;
        }
    }

    public Readiness(GatewayControl gateway, Stores stores, Needs needs) {
        this.gateway = gateway;
        this.stores = stores;
        this.needs = needs;
    }

    Stores stores() {
        return stores;
    }

    /** What stands in the way, in words for operators; nothing when requests would be served. */
    List<String> obstacles() {
        List<String> obstacles = new ArrayList<>(0);
        if (gateway.isDraining()) {
            obstacles.add("it drains");
        }
        if (!anyBackendUp()) {
            obstacles.add("no backend is up");
        }
        if (needs.keys() && !stores.keys().isLoaded()) {
            obstacles.add("API keys cannot be checked: they were not read from the database, or too long ago");
        }
        Redis redis = stores.redis();
        if (needs.limits() && redis != null && !redis.isUp()) {
            obstacles.add("Redis is away, and rate_limit.on_store_failure is reject");
        }
        // A queue that is full for a moment, its database there, is not an outage.
        if (needs.auditPlaces() > 0
                && !stores.database().isUp()
                && stores.audit().waiting() >= needs.auditPlaces()) {
            obstacles.add("there is no room for audit records, the database is away, and audit.mode is required");
        }
        return obstacles;
    }

    /** Whether requests pass while Redis is away. */
    boolean isBridgingRedis() {
        return !needs.limits();
    }

    boolean anyBackendUp() {
        for (Backend backend : gateway.fleet().current().backends().values()) {
            if (backend.state().equals("up")) {
                return true;
            }
        }
        return false;
    }
}
