package dev.weir.server;

import dev.weir.server.config.Redacted;
import dev.weir.server.config.WeirConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a reload changed.
 *
 * @param changed the blocks that differ now
 * @param needRestart settings that differ but take effect only at the next start
 */
record ReloadReport(List<String> changed, List<String> needRestart) {

    static ReloadReport of(WeirConfig before, WeirConfig after) {
        Map<String, Object> old = Redacted.of(before, Map.of());
        List<String> changed = new ArrayList<>();
        Redacted.of(after, Map.of()).forEach((block, value) -> {
            if (!Objects.equals(old.get(block), value)) {
                changed.add(block);
            }
        });
        if (!before.auth().toMap().equals(after.auth().toMap()) && !changed.contains("auth")) {
            changed.add("auth");
        }
        List<String> restart = new ArrayList<>();
        note(restart, "server.listen", before.server().listen(), after.server().listen());
        note(
                restart,
                "server.admin_listen",
                before.server().adminListen(),
                after.server().adminListen());
        note(
                restart,
                "server.transport",
                before.server().transport(),
                after.server().transport());
        note(
                restart,
                "server.event_loops",
                before.server().eventLoops(),
                after.server().eventLoops());
        note(restart, "server.tls", before.server().tls(), after.server().tls());
        note(restart, "logging", before.logging(), after.logging());
        return new ReloadReport(List.copyOf(changed), List.copyOf(restart));
    }

    private static void note(List<String> restart, String path, @Nullable Object before, @Nullable Object after) {
        if (!Objects.equals(before, after)) {
            restart.add(path);
        }
    }

    @Override
    public String toString() {
        String what = changed.isEmpty() ? "nothing changed" : "changed " + String.join(", ", changed);
        return needRestart.isEmpty() ? what : what + "; needs a restart: " + String.join(", ", needRestart);
    }
}
