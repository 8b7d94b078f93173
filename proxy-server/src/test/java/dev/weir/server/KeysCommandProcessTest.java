package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weir keys}, beside a gateway that runs on the same database. */
class KeysCommandProcessTest {
    @TempDir
    private Path directory;

    private List<String> run(int expectedExit, String... arguments) {
        List<String> all = new ArrayList<>(List.of("keys"));
        all.addAll(List.of(arguments));
        if (!all.contains("--help")) {
            all.addAll(List.of("--config", directory.resolve("weir.yaml").toString()));
        }
        try (WeirProcess weir =
                WeirProcess.start(Map.of("STATE_DIRECTORY", directory.toString()), all.toArray(String[]::new))) {
            assertThat(weir.awaitExit()).as(weir.toString()).isEqualTo(expectedExit);
            return expectedExit == 0 ? weir.output() : weir.errors();
        }
    }

    private void write(String yaml) throws IOException {
        Files.writeString(directory.resolve("weir.yaml"), yaml);
    }

    @Test
    void keysMadeBesideAGatewayWorkThereUntilTheyAreRevoked() throws IOException {
        try (SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3")) {
            write("backends: {a: {url: \"" + sim.url() + "\"}}\nserver: {listen: \"127.0.0.1:0\"}\n");
            try (TestGateway gateway = TestGateway.start(
                    new ConfigurationFile(directory.resolve("weir.yaml"), null),
                    Map.of("STATE_DIRECTORY", directory.toString()))) {
                JsonNode key = TestGateway.json(String.join(
                        "\n", run(0, "create", "ci", "--json", "--model", "phi*,llama3", "--expires-in", "90d")));
                String secret = key.path("key").asText();
                String id = key.path("id").asText();

                assertThat(key.at("/models/1").asText()).isEqualTo("llama3");
                Await.until(Duration.ofSeconds(20), "the gateway knows it", () -> status(gateway, secret) == 200);

                assertThat(run(0, "list"))
                        .singleElement()
                        .asString()
                        .contains(id, "client", "until ", "ci")
                        .doesNotContain(secret);

                List<String> rotated = run(0, "rotate", id, "--grace", "1h");
                String next = rotated.get(2);
                assertThat(next).startsWith("sk-weir-");
                Await.until(Duration.ofSeconds(20), "the gateway knows both", () -> status(gateway, next) == 200);
                assertThat(status(gateway, secret)).isEqualTo(200);

                assertThat(run(0, "revoke", id)).singleElement().asString().contains("revoked");
                Await.until(Duration.ofSeconds(20), "revoked", () -> status(gateway, next) == 401);
                assertThat(run(0, "list")).isEmpty();
            }
        }
    }

    @Test
    void aKeyIsBlockedAndChangedBesideAGatewayAndTheRestOfItStays() throws IOException {
        try (SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3")) {
            write("backends: {a: {url: \"" + sim.url() + "\"}}\nserver: {listen: \"127.0.0.1:0\"}\n");
            try (TestGateway gateway = TestGateway.start(
                    new ConfigurationFile(directory.resolve("weir.yaml"), null),
                    Map.of("STATE_DIRECTORY", directory.toString()))) {
                JsonNode made = TestGateway.json(gateway.post(
                        "/management/keys",
                        "{'name': 'ci', 'owner': 'ann', 'models': ['phi*'], 'scopes': ['client', 'read_only'],"
                                + " 'limits': {'requests_per_minute': 9, 'parallel': 2}, 'metadata': {'a': 1}}"));
                String secret = made.path("key").asText();
                String id = made.path("id").asText();
                Await.until(Duration.ofSeconds(20), "it works", () -> status(gateway, secret) == 200);

                assertThat(run(0, "patch", id, "--blocked"))
                        .singleElement()
                        .asString()
                        .contains(id, "blocked", "ci");
                Await.until(Duration.ofSeconds(20), "it is blocked", () -> status(gateway, secret) == 403);

                JsonNode changed = TestGateway.json(String.join(
                        "\n",
                        run(
                                0,
                                "patch",
                                id,
                                "--no-blocked",
                                "--name",
                                "ci 2",
                                "--rpm",
                                "600",
                                "--expires",
                                "90d",
                                "--json")));
                Await.until(Duration.ofSeconds(20), "it works again", () -> status(gateway, secret) == 200);
                assertThat(changed.path("name").asText()).isEqualTo("ci 2");
                assertThat(changed.path("blocked").asBoolean(true)).isFalse();
                assertThat(changed.at("/limits/requests_per_minute").asInt()).isEqualTo(600);
                assertThat(changed.path("expires_at").isTextual()).isTrue();
                for (String kept : List.of(
                        "/owner",
                        "/team",
                        "/scopes",
                        "/models",
                        "/metadata",
                        "/limits/parallel",
                        "/budget",
                        "/prefix")) {
                    assertThat(changed.at(kept)).as(kept).isEqualTo(made.at(kept));
                }

                JsonNode reset = TestGateway.json(String.join(
                        "\n",
                        run(
                                0,
                                "patch",
                                id,
                                "--expires",
                                "never",
                                "--parallel",
                                "0",
                                "--models",
                                "llama*,phi*",
                                "--json")));
                assertThat(reset.path("expires_at").isTextual()).isFalse();
                assertThat(reset.at("/limits/parallel").asInt()).isZero();
                assertThat(reset.at("/limits/requests_per_minute").asInt()).isEqualTo(600);
                assertThat(reset.at("/models/0").asText()).isEqualTo("llama*");

                assertThat(run(2, "patch", id)).singleElement().asString().contains("nothing to change");
                assertThat(run(2, "patch", id, "--scope", "all"))
                        .first()
                        .asString()
                        .contains("scopes: all");
                assertThat(run(1, "patch", "key_none", "--blocked"))
                        .singleElement()
                        .asString()
                        .contains("key_none");
            }
        }
    }

    private static int status(TestGateway gateway, String key) {
        return gateway.send("GET", "/v1/models", "", "x-api-key", key).statusCode();
    }

    @Test
    void existingKeysAreTakenOverOnce() throws IOException {
        write("database: {url: \"sqlite:keys.db\"}\n");
        String sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

        assertThat(run(0, "import", "old", "--sha256", sha256))
                .singleElement()
                .asString()
                .contains("old");
        assertThat(run(1, "import", "again", "--sha256", sha256))
                .singleElement()
                .asString()
                .contains("is not taken again");
        assertThat(Files.exists(directory.resolve("keys.db"))).isTrue();
    }

    @Test
    void exitCodesTellWhoseFaultItIs() throws IOException {
        write("database: {url: \"postgresql://weir:secret@127.0.0.1:9/weir\", pool_timeout: 1s}\n");

        assertThat(run(1, "list"))
                .singleElement()
                .asString()
                .contains("the database cannot be used", "127.0.0.1:9")
                .doesNotContain("secret");
        assertThat(run(2, "create", "x", "--scope", "all")).first().asString().contains("scopes: all (expected: ");
        assertThat(run(2, "rotate", "key_1", "--grace", "soon"))
                .first()
                .asString()
                .contains("--grace: soon");
        assertThat(run(2, "create")).first().asString().contains("NAME");
        write("databse: {}\n");
        assertThat(run(2, "list")).singleElement().asString().contains("databse: unknown key");
    }
}
