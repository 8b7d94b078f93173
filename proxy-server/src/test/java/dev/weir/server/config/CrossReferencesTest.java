package dev.weir.server.config;

import static dev.weir.server.config.Configs.problems;
import static dev.weir.server.config.Configs.valid;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CrossReferencesTest {
    private static final String REFUSED = "the development key is refused while listening on %s, beyond this machine"
            + " (set WEIR_MASTER_KEY to a secret of your own)";

    @Test
    void aTargetsBackendMustExist() {
        assertThat(problems("""
                backends: {llm-01: {url: "http://a"}, llm-02: {url: "http://b"}}
                models:
                  m: {targets: [{backend: llm-1, model: x}, {backend: other, model: x}]}
                """))
                .containsExactly(
                        "3:27: models.m.targets[0].backend: no backend is named \"llm-1\""
                                + " (expected one of llm-01, llm-02; did you mean \"llm-01\"?)",
                        "3:55: models.m.targets[1].backend: no backend is named \"other\" (expected one of llm-01, llm-02)");
    }

    @Test
    void aRoutesBackendMustExist() {
        assertThat(problems("routes: [{path: /x, backend: gone}]"))
                .containsExactly("1:30: routes[0].backend: no backend is named \"gone\" (none is configured)");
    }

    @Test
    void aFallbackIsAnotherConfiguredModelNamedOnce() {
        assertThat(problems("""
                backends: {a: {url: "http://a"}}
                models:
                  chat: {targets: [{backend: a, model: x}], fallbacks: [chat, cat, fast, fast]}
                  fast: {targets: [{backend: a, model: y}], fallbacks: chat}
                """))
                .containsExactly(
                        "3:57: models.chat.fallbacks[0]: a model cannot be its own fallback",
                        "3:63: models.chat.fallbacks[1]: no model is named \"cat\""
                                + " (expected one of chat, fast; did you mean \"chat\"?)",
                        "3:74: models.chat.fallbacks[3]: \"fast\" is listed twice");
    }

    @Test
    void crossReferencesAreCheckedBesideOtherProblems() {
        assertThat(problems("""
                backends: {a: {url: 5}}
                models: {m: {targets: [{backend: b, model: x, weight: 0}]}}
                heartbeat: never
                """))
                .hasSize(4)
                .anySatisfy(problem -> assertThat(problem).startsWith("1:21: backends.a.url"))
                .anySatisfy(problem -> assertThat(problem).startsWith("2:34: models.m.targets[0].backend"))
                .anySatisfy(problem -> assertThat(problem).startsWith("2:55: models.m.targets[0].weight"))
                .anySatisfy(problem -> assertThat(problem).startsWith("3:12: heartbeat"));
    }

    @Test
    void aPipelineNamesEveryMiddlewareOnce() {
        assertThat(problems("pipeline: [cors, '', cors]\nroutes: [{path: /x, pipeline: [auth, auth]}]"))
                .containsExactly(
                        "1:18: pipeline[1]: the name of a middleware is empty",
                        "1:22: pipeline[2]: \"cors\" is listed twice",
                        "2:38: routes[0].pipeline[1]: \"auth\" is listed twice");
    }

    @Test
    void anAddressIsListenedOnOnce() {
        assertThat(problems("""
                server:
                  listen: [127.0.0.1:4000, "127.0.0.1:4000", "127.0.0.1:0", "127.0.0.1:0"]
                  admin_listen: 127.0.0.1:4000
                  tls: {certificate: c, private_key: k, redirect_from: "127.0.0.1:4000"}
                """))
                .containsExactly(
                        "2:28: server.listen[1]: this address is listened on already",
                        "3:17: server.admin_listen: this address is listened on already",
                        "4:56: server.tls.redirect_from: this address is listened on already");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b", "a b", "\"\"", "-a", "..", "\"a%2Fb\"", "ü", "\"a?b\""})
    void anAgentsNameIsASegmentOfAPath(String name) {
        assertThat(problems("agents: {" + name + ": {}}"))
                .singleElement()
                .asString()
                .contains("not a usable name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"agents", "chat", "completions", "embeddings", "models"})
    void anAgentTakesNoOtherRoute(String name) {
        assertThat(problems("agents: {" + name + ": {}}"))
                .containsExactly("1:10: agents." + name + ": the name is taken by the route /v1/" + name);
    }

    @Test
    void backendsAndModelsHaveNamesThatHeadersCanCarry() {
        assertThat(problems("backends: {\"a/b\": {url: \"http://a\"}}"))
                .singleElement()
                .asString()
                .startsWith("1:12: backends.a/b: not a usable name");
        assertThat(problems("models: {\"a b\": {targets: []}}"))
                .first()
                .asString()
                .startsWith("1:10: models.a b: not a usable name");
        assertThat(valid("""
                backends: {a: {url: "http://a"}}
                models: {"library/llama3.2:3b": {targets: [{backend: a, model: x}]}}
                """).models()).containsKey("library/llama3.2:3b");
    }

    @Test
    void theDevelopmentKeyServesThisMachineOnly() {
        assertThat(problems("server: {listen: [\"127.0.0.1:4000\", \"0.0.0.0:4001\"]}"))
                .containsExactly("1:1: auth.master_key: " + REFUSED.formatted("0.0.0.0:4001"));
        assertThat(problems("auth: {master_key: sk-hx-dev-1234}\nserver: {admin_listen: \"10.0.0.1:1\"}"))
                .containsExactly("1:20: auth.master_key: " + REFUSED.formatted("10.0.0.1:1"));
        assertThat(problems("", Map.of("WEIR_LISTEN", ":4000")))
                .containsExactly("1:1: auth.master_key: " + REFUSED.formatted("0.0.0.0:4000"));
        assertThat(problems("server: {listen: \"0.0.0.0:4000\"}", Map.of("WEIR_MASTER_KEY", "sk-hx-dev-1234")))
                .hasSize(1);
    }

    @Test
    void anotherKeyServesEveryone() {
        assertThat(valid("server: {listen: \"0.0.0.0:4000\"}", Map.of("WEIR_MASTER_KEY", "sk-mine"))
                        .server()
                        .listen())
                .isEqualTo(List.of(new ListenAddress("0.0.0.0", 4000)));
        assertThat(valid("server: {listen: [\"localhost:1\", \"[::1]:1\", \"127.3.2.1:1\"]}")
                        .server()
                        .addresses())
                .allMatch(ListenAddress::isLoopback);
    }
}
