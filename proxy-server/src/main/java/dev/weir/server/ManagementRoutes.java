package dev.weir.server;

import dev.weir.core.Dialect;
import dev.weir.core.Endpoint;
import dev.weir.core.Middleware;
import dev.weir.core.Route;
import dev.weir.core.Services;
import dev.weir.pipeline.audit.AuditQueries;
import dev.weir.pipeline.audit.AuditWriter;
import dev.weir.pipeline.audit.ConversationQueries;
import dev.weir.pipeline.auth.ApiKeys;
import dev.weir.pipeline.auth.StoredKeys;
import dev.weir.pipeline.cache.ResponseCache;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.usage.ModelRegistry;
import dev.weir.pipeline.usage.UsageReports;
import dev.weir.server.management.AuditEndpoints;
import dev.weir.server.management.BackendsEndpoints;
import dev.weir.server.management.CacheEndpoints;
import dev.weir.server.management.ConversationEndpoints;
import dev.weir.server.management.GatewayControl;
import dev.weir.server.management.KeysEndpoints;
import dev.weir.server.management.ManagementEndpoints;
import dev.weir.server.management.ModelsEndpoints;
import dev.weir.server.management.SystemEndpoints;
import dev.weir.server.management.UsageEndpoints;
import java.util.List;

/**
 * The routes under {@code /management}: for those who may look after the gateway. Any thread.
 *
 * @param chain what stands before each of them
 * @param keyPrefix what the keys that are made here begin with
 */
record ManagementRoutes(List<Middleware> chain, GatewayControl gateway, Services services, String keyPrefix) {
    /** Adds them all, and what answers to the rest under {@code /management}. */
    void addTo(RouteTable.Builder table) {
        ManagementEndpoints management = new ManagementEndpoints(gateway, services.background());
        table.get("/management/config", guarded("/management/config", management::config));
        table.post("/management/config/reload", guarded("/management/config/reload", management::reload));
        table.get("/management/backends", guarded("/management/backends", management::backends));
        KeysEndpoints keys = keys();
        table.any("/management/keys", guarded("/management/keys", keys.all()));
        table.any("/management/keys/*", guarded("/management/keys/{id}", keys.one()));
        UsageEndpoints usage = new UsageEndpoints(UsageReports.of(services), services.shared(Database.class));
        table.get("/management/usage", guarded("/management/usage", usage::report));
        CacheEndpoints cache = new CacheEndpoints(ResponseCache.of(services));
        table.get("/management/cache", guarded("/management/cache", cache::statistics));
        table.delete("/management/cache", guarded("/management/cache", cache::clear));
        audit(table);
        fleet(table);
        table.any("/management/*", guarded("/management/*", RouteTables::unknown));
    }

    /** What was written down, and which of it belongs together. */
    private void audit(RouteTable.Builder table) {
        Database database = services.shared(Database.class);
        AuditWriter writer = AuditWriter.of(services);
        AuditQueries queries = new AuditQueries(database, writer);
        AuditEndpoints audit = new AuditEndpoints(queries, database);
        table.get("/management/audit", guarded("/management/audit", audit::list));
        table.get("/management/audit/*", guarded("/management/audit/{id}", audit::one));
        ConversationEndpoints conversations =
                new ConversationEndpoints(queries, new ConversationQueries(database, writer), database);
        table.get("/management/conversations", guarded("/management/conversations", conversations::list));
        table.get("/management/conversations/*", guarded("/management/conversations/{id}", conversations::one));
    }

    /** The models and backends of the fleet, and the machine. */
    private void fleet(RouteTable.Builder table) {
        BackendsEndpoints backends = new BackendsEndpoints(gateway);
        table.post("/management/backends/*", guarded("/management/backends/{name}", backends.control()));
        ModelsEndpoints models = new ModelsEndpoints(gateway, ModelRegistry.of(services));
        table.get("/management/models/list", guarded("/management/models/list", models::list));
        table.get("/management/models/configured", guarded("/management/models/configured", models::configured));
        table.post("/management/models/pull", guarded("/management/models/pull", models.pull()));
        table.post("/management/models/delete", guarded("/management/models/delete", models.delete()));
        table.get("/management/models/*", guarded("/management/models/{name}/info", models::info));
        SystemEndpoints system = new SystemEndpoints(gateway, services);
        for (String prefix : List.of("/management/system", "/management")) {
            table.get(prefix + "/resources", guarded("/management/system/resources", system::resources));
            table.get(prefix + "/storage-usage", guarded("/management/system/storage-usage", system::storageUsage));
            table.get(prefix + "/ollama-status", guarded("/management/system/ollama-status", system::ollamaStatus));
        }
    }

    /** Whoever changes keys here knows of it at once; others by asking the database. */
    private KeysEndpoints keys() {
        Database database = services.shared(Database.class);
        return new KeysEndpoints(new ApiKeys(database, keyPrefix, StoredKeys.of(services)::refresh), database);
    }

    private Route guarded(String name, Endpoint endpoint) {
        return new Route(
                name,
                Route.Access.MANAGEMENT,
                Dialect.OPENAI,
                chain,
                endpoint,
                null,
                RouteTables.MAX_MANAGEMENT_BODY_BYTES);
    }
}
