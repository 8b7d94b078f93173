package dev.weir.server.config;

import static dev.weir.server.config.Configs.loaded;
import static dev.weir.server.config.Configs.problems;
import static dev.weir.server.config.Configs.valid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Default;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The settings of middlewares, bound by those who know their records. */
class SectionTest {
    /** As a plug-in would have it. */
    record Cache(
            @Default("auto") String store,
            @Default("{enabled: true, ttl: 1h}") Rule embeddings,
            @Default("{enabled: false, ttl: 30m}") Rule responses,
            @Default("[]") List<String> vary,
            @Default("${CACHE_PREFIX:-weir:}") String prefix) {}

    record Rule(boolean enabled, Duration ttl) {}

    private final Problems problems = new Problems();

    @Test
    void settingsAreBoundToARecordOfAnotherModule() {
        WeirConfig config = valid("middleware: {cache: {embeddings: {ttl: 5m}, vary: user}}");
        assertThat(config.settings("cache").bind(Cache.class, problems))
                .isEqualTo(new Cache(
                        "auto",
                        new Rule(true, Duration.ofMinutes(5)),
                        new Rule(false, Duration.ofMinutes(30)),
                        List.of("user"),
                        "weir:"));
        assertThat(problems.isEmpty()).isTrue();
    }

    @Test
    void settingsThatAreNotWrittenAreAllDefaults() {
        Section section = valid("", Map.of("CACHE_PREFIX", "p:")).settings("cache");
        assertThat(section.path()).isEqualTo("middleware.cache");
        assertThat(section.bind(Cache.class, problems)).hasFieldOrPropertyWithValue("prefix", "p:");
    }

    @Test
    void aRoutesSettingsLieOverTheGeneralOnes() {
        WeirConfig config = valid("""
                middleware:
                  cache: {store: memory, embeddings: {enabled: false}, vary: [a, b]}
                routes:
                  - {path: /a, middleware: {cache: {embeddings: {ttl: 24h}, vary: [c]}}}
                  - {path: /b}
                """);
        Cache general = config.settings("cache").bind(Cache.class, problems);
        Cache first = config.settings("cache", config.routes().get(0)).bind(Cache.class, problems);
        Cache second = config.settings("cache", config.routes().get(1)).bind(Cache.class, problems);
        assertThat(first)
                .isEqualTo(new Cache(
                        "memory",
                        new Rule(false, Duration.ofHours(24)),
                        new Rule(false, Duration.ofMinutes(30)),
                        List.of("c"),
                        "weir:"));
        assertThat(second).isEqualTo(general);
    }

    @Test
    void aProblemOfMergedSettingsStandsWhereItIsWritten() {
        WeirConfig config = valid("""
                middleware: {cache: {stor: memory}}
                routes:
                  - {path: /a, middleware: {cache: {embeddings: {ttl: soon}}}}
                """);
        assertThat(config.settings("cache", config.routes().get(0)).bind(Cache.class, problems))
                .isNull();
        assertThat(config.settings("cache").bind(Cache.class, problems)).isNull();
        assertThat(problems.list())
                .extracting(Problem::toString)
                .containsExactly(
                        "test.yaml:1:22: middleware.cache.stor: unknown key"
                                + " (expected one of store, embeddings, responses, vary, prefix; did you mean \"store\"?)",
                        "test.yaml:3:55: routes[0].middleware.cache.embeddings.ttl:"
                                + " expected a duration such as 250ms, 30s, 5m, 1h, 90d or a number of seconds, found \"soon\"");
    }

    @Test
    void settingsAreMaps() {
        assertThat(problems("middleware: {cache: on, cors: [a]}"))
                .containsExactly(
                        "1:21: middleware.cache: expected a map, found \"on\"",
                        "1:31: middleware.cors: expected a map, found a list");
    }

    @Test
    void theOwnerOfASectionReportsProblemsAtItsKeys() {
        Section cache = valid("middleware:\n  cache:\n    store: tape\n").settings("cache");
        assertThat(cache.problem("store", "no such store", "memory"))
                .hasToString("test.yaml:3:12: middleware.cache.store: no such store (memory)");
        assertThat(cache.problem("vary", "is empty", null))
                .hasToString("test.yaml:3:5: middleware.cache.vary: is empty");
        assertThat(cache.problem(null, "is off", null)).hasToString("test.yaml:3:5: middleware.cache: is off");
    }

    @Test
    void aSectionShowsItselfWithoutItsSecrets() {
        assertThat(valid("auth: {master_key: hunter2}").toString()).doesNotContain("hunter2");
    }

    @Test
    void namesOfUnknownMiddlewaresAreFoundEverywhere() {
        List<Problem> unknown = loaded("""
                        pipeline: [cors, cahce]
                        middleware: {cahce: {}, cors: {}}
                        routes:
                          - {path: /a, pipeline: [auht], middleware: {zebra: {}}}
                        """, Map.of()).unknownMiddlewares(List.of("cors", "auth", "cache"));
        assertThat(unknown)
                .extracting(Problem::toString)
                .containsExactly(
                        "test.yaml:1:18: pipeline[1]: no middleware is named \"cahce\""
                                + " (expected one of cors, auth, cache; did you mean \"cache\"?)",
                        "test.yaml:2:14: middleware.cahce: no such middleware"
                                + " (expected one of cors, auth, cache; did you mean \"cache\"?)",
                        "test.yaml:4:27: routes[0].pipeline[0]: no middleware is named \"auht\""
                                + " (expected one of cors, auth, cache; did you mean \"auth\"?)",
                        "test.yaml:4:47: routes[0].middleware.zebra: no such middleware (expected one of cors, auth, cache)");
    }
}
