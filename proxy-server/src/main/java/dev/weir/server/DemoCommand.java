package dev.weir.server;

import dev.weir.server.config.LoggingConfig;
import dev.weir.server.observe.Logging;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir demo}: the gateway with the shipped configuration, and three simulated servers behind it. */
@Command(
        name = "demo",
        description =
                "Runs the gateway and three simulated backends in one process, and prints commands to try it with.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private static final String KEY = "sk-hx-dev-1234";

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "4000",
            description = "Port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Override
    public Integer call() throws Exception {
        Map<String, String> environment = new HashMap<>();
        environment.put("WEIR_LISTEN", "127.0.0.1:" + port);
        environment.put("WEIR_MASTER_KEY", KEY);
        List<SimServer> sims = new ArrayList<>();
        Path state = Files.createTempDirectory("weir-demo");
        environment.put("STATE_DIRECTORY", state.toString());
        try {
            sims.add(sim(1, environment, "LLM01_URL", "llama3.2:3b", "qwen3:1.7b", "mistral-small3.2:latest"));
            sims.add(sim(
                    2,
                    environment,
                    "LLM02_URL",
                    "cogito:32b",
                    "deepcoder:14b",
                    "dolphin3:8b",
                    "gemma2:2b",
                    "phi3:latest"));
            sims.add(sim(3, environment, "ORC_URL", "mxbai-embed-large", "nomic-embed-text", "all-minilm"));
            Logging.configure(new LoggingConfig(LoggingConfig.Level.WARN, LoggingConfig.Format.TEXT, false, null));
            Gateway gateway = Gateway.start(ConfigurationFile.of(shippedConfiguration()), environment);
            ProcessSignals.attach(gateway);
            gateway.announce();
            greet(gateway.address().getPort());
            gateway.awaitEnd();
        } finally {
            sims.forEach(SimServer::close);
            Logging.flush();
            delete(state);
        }
        return 0;
    }

    /** What a trial leaves behind is of no use. */
    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static SimServer sim(long seed, Map<String, String> environment, String variable, String... models)
            throws IOException {
        SimServer sim = SimServer.start(SimOptions.builder()
                .kind(SimKind.OLLAMA)
                .port(0)
                .seed(seed)
                .models(models)
                .timeToFirstToken(Duration.ofMillis(50))
                .tokensPerSecond(80)
                .build());
        environment.put(variable, sim.url());
        return sim;
    }

    private static String shippedConfiguration() throws IOException {
        try (InputStream in = DemoCommand.class.getResourceAsStream("/weir.yaml")) {
            if (in == null) {
                throw new IOException("the shipped configuration is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void greet(int listening) {
        if (spec == null) {
            return;
        }
        String url = "http://127.0.0.1:" + listening;
        String key = "-H 'Authorization: Bearer " + KEY + "'";
        String json = "-H 'Content-Type: application/json'";
        PrintWriter out = spec.commandLine().getOut();
        out.println("Weir listens on " + url + " in front of three simulated servers. Try it from another terminal:");
        out.println();
        out.println("# a chat");
        out.println(
                "curl -s " + url + "/v1/chat/completions " + key + " " + json
                        + " -d '{\"model\": \"hx-chat\", \"messages\": [{\"role\": \"user\", \"content\": \"Why is the sky blue?\"}]}'");
        out.println();
        out.println("# the same as a stream of events");
        out.println(
                "curl -sN " + url + "/v1/chat/completions " + key + " " + json
                        + " -d '{\"model\": \"hx-chat\", \"stream\": true, \"messages\": [{\"role\": \"user\", \"content\": \"Tell me about rivers\"}]}'");
        out.println();
        out.println("# an embedding, the models, health and metrics");
        out.println("curl -s " + url + "/v1/embeddings " + key + " " + json
                + " -d '{\"model\": \"emb-light\", \"input\": \"a weir holds the river back\"}'");
        out.println("curl -s " + url + "/v1/models " + key);
        out.println("curl -s " + url + "/health " + key);
        out.println("curl -s " + url + "/metrics");
        out.println();
        out.println("# an API key, shown this once");
        out.println("curl -s " + url + "/management/keys " + key + " " + json + " -d '{\"name\": \"me\"}'");
        out.println();
        out.println("Ctrl-C ends it.");
        out.flush();
    }
}
