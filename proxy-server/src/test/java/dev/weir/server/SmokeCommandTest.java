package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.Script;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** {@code weir smoke} against gateways that are well, and against each way of not being so. */
class SmokeCommandTest {
    private static final String MODELS = """
            backends: {a: {url: "%s", kind: openai}}
            models:
              chat: {targets: [{backend: a, model: phi3}]}
              vectors: {targets: [{backend: a, model: all-minilm}], metadata: {dimensions: 384}}
            discover_models: false
            backend_defaults: {retry: {attempts: 0}, health: {interval: 60s}}
            """;
    private static final String VECTOR =
            "{\"object\": \"list\", \"data\": [{\"index\": 0, \"embedding\": [0.1, 0.2]}], \"model\": \"m\"}";
    private static final String CHAT = "{\"choices\": [{\"index\": 0, \"message\": {\"role\": \"assistant\", "
            + "\"content\": \"pong\"}, \"finish_reason\": \"stop\"}]}";

    private record Smoke(int exit, List<String> lines) {
        /** The line about a check, and its mend. */
        String of(String check) {
            int at = 0;
            while (!lines.get(at).contains(" " + check + ": ")) {
                at++;
            }
            boolean mend = at + 1 < lines.size() && lines.get(at + 1).contains("mend: ");
            return lines.get(at) + (mend ? lines.get(at + 1) : "");
        }
    }

    private static Smoke smoke(String... arguments) {
        StringWriter text = new StringWriter();
        CommandLine command = Main.commandLine().setOut(new PrintWriter(text)).setErr(new PrintWriter(text));
        int exit = command.execute(
                Stream.concat(Stream.of("smoke"), Stream.of(arguments)).toArray(String[]::new));
        return new Smoke(exit, text.toString().lines().toList());
    }

    private static Smoke smoke(TestGateway gateway, String... more) {
        List<String> arguments = new ArrayList<>(List.of("--url", gateway.url(), "--key", TestGateway.KEY));
        arguments.addAll(List.of(more));
        return smoke(arguments.toArray(String[]::new));
    }

    /** A server that embeds, and does this when it is asked to chat. */
    private static FakeBackend chatting(Script chat) {
        return FakeBackend.start().onRequest((request, peer) -> {
            if (request.target().endsWith("/embeddings")) {
                Script.ok(VECTOR).run(request, peer);
            } else if (request.target().endsWith("/chat/completions")) {
                chat.run(request, peer);
            } else {
                Script.ok("{\"object\": \"list\", \"data\": []}").run(request, peer);
            }
        });
    }

    private static Script answers() {
        return (request, peer) -> {
            boolean stream = request.text().contains("\"stream\":true");
            (stream ? Script.sseChat(3) : Script.ok(CHAT)).run(request, peer);
        };
    }

    @Test
    void everyCheckOfAGatewayThatIsWellIsOkay() {
        try (SimServer sim = TestGateway.sim(SimKind.OPENAI, "phi3", "all-minilm");
                TestGateway gateway = TestGateway.start(MODELS.formatted(sim.url()))) {
            Smoke smoke = smoke(gateway);

            assertThat(smoke.exit()).as(smoke.toString()).isZero();
            assertThat(smoke.of("models")).startsWith("ok ").endsWith("2 offered");
            assertThat(smoke.of("embeddings")).startsWith("ok ").contains("vectors, 384 dimensions from a");
            assertThat(smoke.of("chat")).startsWith("ok ").contains("chat answered from a");
            assertThat(smoke.of("routing")).startsWith("ok ").contains("chat is served by a");
            assertThat(smoke.of("streaming")).startsWith("ok ").contains(" events from a");
            assertThat(smoke.lines()).last().asString().startsWith("all is well at ");
        }
    }

    @Test
    void theShippedConfigurationIsWell() {
        try (SimServer llm01 = TestGateway.sim(SimKind.OLLAMA, "llama3.2:3b", "qwen3:1.7b", "mistral-small3.2:latest");
                SimServer llm02 = TestGateway.sim(SimKind.OLLAMA, "cogito:32b", "gemma2:2b", "phi3:latest");
                SimServer orc = TestGateway.sim(SimKind.OLLAMA, "mxbai-embed-large", "nomic-embed-text", "all-minilm");
                TestGateway gateway = TestGateway.shipped(llm01.url(), llm02.url(), orc.url())) {
            Smoke smoke = smoke(gateway, "--chat-model", "hx-chat");

            assertThat(smoke.exit()).as(smoke.toString()).isZero();
            assertThat(smoke.of("embeddings")).contains("emb-");
        }
    }

    @Test
    void noCacheAnswersForADeadBackend() {
        try (FakeBackend backend = chatting(answers());
                TestGateway gateway = TestGateway.start(
                        MODELS.formatted(backend.url()) + "middleware: {cache: {responses: {enabled: true}}}\n")) {
            assertThat(smoke(gateway).exit()).isZero();
            assertThat(smoke(gateway).exit()).isZero();
            assertThat(backend.requests().stream()
                            .filter(request -> request.target().endsWith("/embeddings"))
                            .toList())
                    .hasSize(2)
                    .extracting(request -> request.text())
                    .doesNotHaveDuplicates();
            backend.refuseConnections();
            backend.awaitIdleConnections(
                    gateway.gateway().fleet().current().backend("a").idleConnections());
            backend.closeIdleConnections();

            Smoke dead = smoke(gateway);

            assertThat(dead.exit()).isEqualTo(1);
            assertThat(dead.of("models")).startsWith("ok ");
            assertThat(dead.of("embeddings")).startsWith("FAILED ").contains("50", "weir doctor says which");
            assertThat(dead.of("chat")).startsWith("FAILED ").contains("weir doctor says which");
            assertThat(dead.of("routing")).startsWith("FAILED ");
            assertThat(dead.of("streaming")).startsWith("FAILED ");
            assertThat(dead.lines()).last().asString().startsWith("4 of 5 failed at ");
        }
    }

    @Test
    void whereNothingListensItSaysSo() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Smoke smoke = smoke("--url", "http://127.0.0.1:" + port, "--chat-model", "x");

        assertThat(smoke.exit()).isEqualTo(1);
        assertThat(smoke.of("models")).contains("nothing listens at http://127.0.0.1:" + port, "systemctl status weir");
        assertThat(smoke.of("chat")).startsWith("FAILED ").contains("nothing listens");
    }

    @Test
    void aKeyThatIsNotKnownIsNamedAsTheReason() {
        try (FakeBackend backend = chatting(answers());
                TestGateway gateway = TestGateway.start(MODELS.formatted(backend.url()))) {
            Smoke smoke = smoke("--url", gateway.url() + "/v1/", "--key", "sk-wrong", "--chat-model", "chat");

            assertThat(smoke.exit()).isEqualTo(1);
            assertThat(smoke.of("models")).startsWith("FAILED ").contains("401: ", "WEIR_MASTER_KEY");
            assertThat(smoke.of("chat")).startsWith("FAILED ").contains("401: ");
        }
    }

    @Test
    void aListWithoutModelsFails() {
        try (TestGateway gateway = TestGateway.start("discover_models: false\n")) {
            Smoke smoke = smoke(gateway);

            assertThat(smoke.exit()).isEqualTo(1);
            assertThat(smoke.of("models")).startsWith("FAILED ").contains("the list is empty");
            assertThat(smoke.of("embeddings")).startsWith("FAILED ").contains("--skip embeddings");
            assertThat(smoke.of("chat")).startsWith("FAILED ").contains("--chat-model");
        }
    }

    @Test
    void aModelThatIsNotOfferedFails() {
        try (FakeBackend backend = chatting(answers());
                TestGateway gateway = TestGateway.start(MODELS.formatted(backend.url()))) {
            Smoke smoke = smoke(gateway, "--chat-model", "nobody", "--embedding-model", "nobody-either");

            assertThat(smoke.exit()).isEqualTo(1);
            assertThat(smoke.of("chat")).startsWith("FAILED ").contains("404: ", "nobody");
            assertThat(smoke.of("embeddings")).startsWith("FAILED ").contains("404: ", "nobody-either");
        }
    }

    @Test
    void anAnswerWithoutAVectorAndOneWithoutAWordFail() {
        try (FakeBackend backend = FakeBackend.start().onRequest(Script.ok("{\"data\": [], \"choices\": []}"));
                TestGateway gateway = TestGateway.start(MODELS.formatted(backend.url()))) {
            Smoke smoke = smoke(gateway);

            assertThat(smoke.exit()).isEqualTo(1);
            assertThat(smoke.of("embeddings")).startsWith("FAILED ").contains("holds no vector");
            assertThat(smoke.of("chat")).startsWith("FAILED ").contains("answered nothing");
            assertThat(smoke.of("streaming")).startsWith("FAILED ").contains("application/json");
        }
    }

    @Test
    void aStreamThatBreaksOffFails() {
        Script broken = (request, peer) -> {
            boolean stream = request.text().contains("\"stream\":true");
            (stream ? Script.closeMidStream() : Script.ok(CHAT)).run(request, peer);
        };
        try (FakeBackend backend = chatting(broken);
                TestGateway gateway = TestGateway.start(MODELS.formatted(backend.url()))) {
            Smoke smoke = smoke(gateway);

            assertThat(smoke.exit()).isEqualTo(1);
            assertThat(smoke.of("chat")).startsWith("ok ");
            assertThat(smoke.of("streaming")).startsWith("FAILED ");
        }
    }

    @Test
    void aModelThatIsServedByItsFallbackFailsTheRouting() {
        try (FakeBackend backend = chatting(answers());
                TestGateway gateway = TestGateway.start("""
                        backends:
                          a: {url: "%s", kind: openai}
                          gone: {url: "http://127.0.0.1:9", kind: openai}
                        models:
                          chat: {targets: [{backend: gone, model: phi3}], fallbacks: [spare]}
                          spare: {targets: [{backend: a, model: phi3}]}
                        discover_models: false
                        """.formatted(backend.url()))) {
            Smoke smoke = smoke(gateway, "--chat-model", "chat", "--skip", "embeddings");

            assertThat(smoke.exit()).isEqualTo(1);
            assertThat(smoke.of("embeddings")).startsWith("skipped ");
            assertThat(smoke.of("chat")).startsWith("ok ");
            assertThat(smoke.of("routing")).startsWith("FAILED ").contains("chat was served by spare on a");
        }
    }

    @Test
    void anAnswerThatIsLateFails() {
        try (FakeBackend backend = chatting(Script.neverAnswers());
                TestGateway gateway = TestGateway.start(MODELS.formatted(backend.url()))) {
            Smoke smoke = smoke(gateway, "--timeout", "1");

            assertThat(smoke.exit()).isEqualTo(1);
            assertThat(smoke.of("chat")).startsWith("FAILED ").contains("no answer in time", "--timeout");
        }
    }

    @Test
    void whatAnswersFromACacheOrIsNoGatewayFails() {
        try (FakeBackend stranger = FakeBackend.start()
                .onRequest((request, peer) ->
                        peer.respond(200, VECTOR, "content-type: application/json", "x-weir-cache: hit"))) {
            Smoke smoke = smoke("--url", stranger.url(), "--embedding-model", "e", "--chat-model", "c");

            assertThat(smoke.exit()).isEqualTo(1);
            assertThat(smoke.of("embeddings")).startsWith("FAILED ").contains("a cache answered");
            assertThat(smoke.of("routing")).startsWith("FAILED ").contains("does not say which backend");
            assertThat(stranger.requests())
                    .allSatisfy(request ->
                            assertThat(request.header("cache-control")).isEqualTo("no-store"));
        }
    }

    @Test
    void anAddressThatIsNoneIsBadUsage() {
        assertThat(smoke("--url", "127.0.0.1:4000").exit()).isEqualTo(2);
        assertThat(smoke("--timeout", "0").exit()).isEqualTo(2);
        assertThat(smoke("--skip", "everything").exit()).isEqualTo(2);
    }

    @Test
    void theQuestionsCanBeFoundInTheLog() {
        try (FakeBackend backend = chatting(answers());
                TestGateway gateway = TestGateway.start(MODELS.formatted(backend.url()))) {
            smoke(gateway);

            assertThat(backend.requests())
                    .filteredOn(request -> request.target().endsWith("/chat/completions"))
                    .isNotEmpty()
                    .allSatisfy(request ->
                            assertThat(request.header("x-request-id")).startsWith("smoke-"));
            assertThat(RawClient.get(gateway.port(), "/healthz").status()).isEqualTo(200);
        }
    }
}
