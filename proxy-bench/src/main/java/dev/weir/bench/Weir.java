package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Starts Weir as the cells measure it: with a key from its database. */
final class Weir {
    private static final Pattern KEY = Pattern.compile("\"key\"\\s*:\\s*\"([^\"]+)\"");

    private final Setting setting;
    private final Workbench workbench;

    Weir(Setting setting, Workbench workbench) {
        this.setting = setting;
        this.workbench = workbench;
    }

    /** A Weir in front of one backend. */
    Peer start(int backendPort) throws IOException {
        return start(plain(backendPort));
    }

    /** What {@link #start(int)} runs with, to be changed. */
    WeirConf plain(int backendPort) throws IOException {
        return WeirConf.of(workbench.directory("weir"), Ports.next(), backendPort);
    }

    Peer start(WeirConf conf) throws IOException {
        return start(conf, unchanged -> {});
    }

    /** What is done to a database before it is served. */
    @FunctionalInterface
    interface Preparation {
        void prepare(WeirConf conf) throws IOException;
    }

    Peer start(WeirConf conf, Preparation preparation) throws IOException {
        Path file = write(conf);
        String key = createKey(conf, file);
        preparation.prepare(conf);
        return serve(conf, file, key, setting.jvmFlags(), Setting.PROXY_CORE);
    }

    Path write(WeirConf conf) throws IOException {
        return workbench.file("weir.yaml", conf.yaml());
    }

    /** Makes a key, and with it the database. */
    String createKey(WeirConf conf, Path file) throws IOException {
        List<String> command = List.of(
                "java",
                "-jar",
                setting.jar().toString(),
                "keys",
                "create",
                "--json",
                "--config",
                file.toString(),
                "bench");
        // It gives up when the disk is slow to answer, as on a machine that has just ended another cell.
        String printed = Await.value("weir keys create", () -> {
            try {
                return Optional.of(Shell.run(environment(conf), command));
            } catch (IOException e) {
                setting.say("  again: " + e.getMessage());
                return Optional.empty();
            }
        });
        Matcher key = KEY.matcher(printed);
        if (!key.find()) {
            throw new IOException("no key in what weir keys create printed:\n" + printed);
        }
        return key.group(1);
    }

    /** Starts it without waiting until it has begun to listen. */
    PinnedProcess launch(WeirConf conf, Path file, List<String> jvmFlags, int core) throws IOException {
        List<String> command = new ArrayList<>();
        command.add("java");
        command.addAll(jvmFlags);
        command.addAll(List.of("-jar", setting.jar().toString(), "serve", "--config", file.toString()));
        return workbench.start("weir", core, environment(conf), command);
    }

    Peer serve(WeirConf conf, Path file, String key, List<String> jvmFlags, int core) throws IOException {
        PinnedProcess process = launch(conf, file, jvmFlags, core);
        Await.listening(process, conf.port());
        String scheme = conf.certificate() == null ? "http" : "https";
        return new Peer(Peer.WEIR, scheme, conf.port(), process, Map.of("Authorization", "Bearer " + key));
    }

    private static Map<String, String> environment(WeirConf conf) {
        return Map.of("STATE_DIRECTORY", conf.directory().toString());
    }
}
