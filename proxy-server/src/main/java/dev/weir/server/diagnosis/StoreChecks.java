package dev.weir.server.diagnosis;

import dev.weir.core.Meters;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseProbe;
import dev.weir.pipeline.store.Redis;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Looks whether the stores answer, and changes nothing in them. Blocks the caller's thread. */
public final class StoreChecks {
    private StoreChecks() {}

    public static List<Finding> database(Database.Settings settings) {
        List<Finding> findings = new ArrayList<>();
        try {
            DatabaseProbe probe = DatabaseProbe.look(settings);
            findings.add(Finding.ok("database", probe.description()));
            Instant clock = probe.clock();
            if (clock != null) {
                findings.add(HostChecks.clock("the database", clock, Instant.now()));
            }
        } catch (SQLException e) {
            findings.add(Finding.failed("database", String.valueOf(e.getMessage()), mendOf(e)));
        }
        return findings;
    }

    /** By SQLSTATE, PostgreSQL's appendix A. */
    private static String mendOf(SQLException failure) {
        String state = failure.getSQLState() == null ? "" : failure.getSQLState();
        return switch (state) {
            case "28P01", "28000" -> "correct user and password in DATABASE_URL, and pg_hba.conf";
            case "3D000" -> "create the database: createdb --owner USER NAME";
            default ->
                state.startsWith("08")
                        ? "start the server (systemctl status postgresql), correct DATABASE_URL, look at firewalls; until then Weir goes on with the keys it knows"
                        : "let the service's user write there, or correct database.url";
        };
    }

    public static Finding redis(Redis.@Nullable Settings settings, Meters meters) {
        if (settings == null) {
            return Finding.skipped("redis", "none is configured: limits and cache are this process's own");
        }
        try (Redis redis = Redis.open(settings, meters)) {
            return redis.isUp()
                    ? Finding.ok("redis", "answers at " + redis)
                    : Finding.failed(
                            "redis",
                            "does not answer at " + redis,
                            "start it (redis-cli ping), correct REDIS_URL and its password; until then limits are local and the cache misses");
        } catch (IllegalArgumentException e) {
            return Finding.failed("redis", String.valueOf(e.getMessage()), "correct REDIS_URL");
        }
    }
}
