package dev.weir.server.management;

import dev.weir.server.config.ServerConfig;
import dev.weir.server.config.WeirConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a reload changed, by the keys of the file.
 *
 * @param changed the blocks that differ now
 * @param needRestart settings that differ but take effect only at the next start
 */
public record ReloadReport(List<String> changed, List<String> needRestart) {

    public static ReloadReport of(WeirConfig before, WeirConfig after) {
        List<String> restart = differing(atStartOnly(before), atStartOnly(after));
        return new ReloadReport(differing(before.blocks(), after.blocks()), restart);
    }

    private static Map<String, @Nullable Object> atStartOnly(WeirConfig config) {
        ServerConfig server = config.server();
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("server.listen", server.listen());
        settings.put("server.admin_listen", server.adminListen());
        settings.put("server.transport", server.transport());
        settings.put("server.event_loops", server.eventLoops());
        settings.put("server.reuse_port", server.reusePort());
        ServerConfig.Tls tls = server.tls();
        settings.put("server.tls", tls != null);
        settings.put("server.tls.redirect_from", tls == null ? null : tls.redirectFrom());
        settings.put("database", config.database());
        settings.put("redis", config.redis());
        settings.put("logging", config.logging());
        return settings;
    }

    private static List<String> differing(Map<String, @Nullable Object> before, Map<String, @Nullable Object> after) {
        List<String> keys = new ArrayList<>();
        after.forEach((key, value) -> {
            if (!Objects.equals(before.get(key), value)) {
                keys.add(key);
            }
        });
        return List.copyOf(keys);
    }

    @Override
    public String toString() {
        String what = changed.isEmpty() ? "nothing changed" : "changed " + String.join(", ", changed);
        return needRestart.isEmpty() ? what : what + "; needs a restart: " + String.join(", ", needRestart);
    }
}
