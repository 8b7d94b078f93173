package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Starts those that Weir is measured beside, on the proxies' core. */
final class Peers {
    /** As long as a key of Weir, so that all send the same bytes. */
    private static final Map<String, String> SOME_KEY =
            Map.of("Authorization", "Bearer sk-weir-0123456789012345678901234567890123456789abc");

    private final Setting setting;
    private final Workbench workbench;

    Peers(Setting setting, Workbench workbench) {
        this.setting = setting;
        this.workbench = workbench;
    }

    /** The backend itself. */
    static Peer direct(int backendPort) {
        return new Peer(Peer.DIRECT, "http", backendPort, null, SOME_KEY);
    }

    Peer nginx(int backendPort) throws IOException {
        int port = Ports.next();
        Path directory = workbench.directory("nginx");
        return nginx(new NginxConf(directory).proxy(port, backendPort), "http", port);
    }

    Peer nginx(NginxConf conf, String scheme, int port) throws IOException {
        PinnedProcess process = startNginx("nginx", Setting.PROXY_CORE, conf, port);
        return new Peer(Peer.NGINX, scheme, port, process, SOME_KEY);
    }

    /** A backend: an nginx on the core of the load. */
    PinnedProcess backend(NginxConf conf, int port) throws IOException {
        return startNginx("backend", Setting.LOAD_CORE, conf, port);
    }

    private PinnedProcess startNginx(String name, int core, NginxConf conf, int port) throws IOException {
        Path file = workbench.file("nginx.conf", conf.text());
        PinnedProcess process = workbench.start(name, core, Map.of(), List.of("nginx", "-c", file.toString()));
        Await.listening(process, port);
        return process;
    }

    Peer haproxy(int backendPort) throws IOException {
        int port = Ports.next();
        Path file = workbench.file("haproxy.cfg", HaproxyConf.proxy(port, backendPort));
        PinnedProcess process = workbench.start(
                "haproxy", Setting.PROXY_CORE, Map.of(), List.of("haproxy", "-db", "-f", file.toString()));
        Await.listening(process, port);
        return new Peer(Peer.HAPROXY, "http", port, process, SOME_KEY);
    }

    /** The gateway in JavaScript, if it is installed: {@code npm install --prefix proxy-bench/target @portkey-ai/gateway}. */
    Optional<Peer> javascript(int backendPort) throws IOException {
        Path script =
                setting.root().resolve("proxy-bench/target/node_modules/@portkey-ai/gateway/build/start-server.js");
        if (!Files.isRegularFile(script) || !Shell.has("node")) {
            return Optional.empty();
        }
        int port = Ports.next();
        PinnedProcess process = workbench.start(
                "javascript",
                Setting.PROXY_CORE,
                Map.of("NODE_ENV", "production"),
                List.of("node", script.toString(), "--port=" + port, "--headless"));
        Await.listening(process, port);
        Map<String, String> headers = Map.of(
                "Authorization", "Bearer sk-0123456789",
                "x-portkey-provider", "openai",
                "x-portkey-custom-host", "http://127.0.0.1:" + backendPort + "/v1");
        return Optional.of(new Peer(Peer.JAVASCRIPT, "http", port, process, headers));
    }

    /** Spring Cloud Gateway, if it is built; its JVM has the options of Weir's. */
    Optional<Peer> spring(int backendPort) throws IOException {
        Path jar = setting.root().resolve("proxy-bench/peers/spring-cloud-gateway/target/spring-cloud-gateway.jar");
        if (!Files.isRegularFile(jar)) {
            return Optional.empty();
        }
        int port = Ports.next();
        List<String> command = new ArrayList<>(List.of("java"));
        command.addAll(setting.jvmFlags());
        command.addAll(List.of(
                "-jar", jar.toString(), "--server.port=" + port, "--backend.url=http://127.0.0.1:" + backendPort));
        PinnedProcess process = workbench.start("spring", Setting.PROXY_CORE, Map.of(), command);
        Await.listening(process, port);
        return Optional.of(new Peer(Peer.SPRING, "http", port, process, SOME_KEY));
    }
}
