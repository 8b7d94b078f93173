package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Rules and dashboard ask for what Weir exports, and the runbook knows every alert. */
class MonitoringTest {
    private static final Path ROOT = Path.of(System.getProperty("basedir", "."), "..");
    private static final Path MONITORING = ROOT.resolve("packaging/monitoring");
    private static final Pattern METRIC = Pattern.compile("\\b(?:weir|jvm|process)_[a-z0-9_]+");
    private static final Pattern RECORD = Pattern.compile("\\bweir:[a-z0-9_:]+");

    private static Set<String> found(Pattern pattern, String text) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group());
        }
        return found;
    }

    private static List<String> lines(String key) throws IOException {
        return Files.readAllLines(MONITORING.resolve("weir-rules.yml")).stream()
                .map(String::strip)
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(key.length()).strip())
                .toList();
    }

    private static List<String> queriesOfTheDashboard() throws IOException {
        JsonNode dashboard = TestGateway.JSON.readTree(Files.readString(MONITORING.resolve("weir-dashboard.json")));
        List<String> queries = new ArrayList<>();
        dashboard.findValues("expr").forEach(query -> queries.add(query.asText()));
        dashboard
                .path("templating")
                .path("list")
                .forEach(variable -> queries.add(variable.path("query").asText()));
        return queries;
    }

    /** The names of samples, histograms' parts and all, of a gateway with a Redis in its configuration. */
    private static Set<String> exported() {
        try (SimServer sim = TestGateway.sim(SimKind.OPENAI, "phi3");
                TestGateway gateway = TestGateway.start("""
                        backends: {a: {url: "%s", kind: openai}}
                        models: {chat: {targets: [{backend: a, model: phi3}]}}
                        redis: {url: "redis://127.0.0.1:9"}
                        """.formatted(sim.url()))) {
            gateway.post("/v1/chat/completions", "{'model': 'chat', 'messages': [{'role': 'user', 'content': 'x'}]}");
            Await.until("the request is counted", () -> metrics(gateway).contains("weir_first_byte_seconds_bucket"));
            Set<String> names = new HashSet<>();
            metrics(gateway).lines().forEach(line -> {
                String[] words = line.split("[ {]", 4);
                if (line.startsWith("# TYPE ")) {
                    names.add(words[2]);
                    if (line.endsWith(" histogram")) {
                        names.addAll(List.of(words[2] + "_bucket", words[2] + "_sum", words[2] + "_count"));
                    }
                }
            });
            return names;
        }
    }

    private static String metrics(TestGateway gateway) {
        return gateway.send("GET", "/metrics", "").body();
    }

    @Test
    void everyMetricThatIsAskedForIsExported() throws IOException {
        Set<String> asked = new TreeSet<>();
        asked.addAll(found(METRIC, String.join("\n", lines("expr:"))));
        asked.addAll(found(METRIC, String.join("\n", queriesOfTheDashboard())));

        assertThat(asked).hasSizeGreaterThan(30);
        assertThat(exported()).containsAll(asked);
    }

    @Test
    void everyRecordThatIsAskedForIsMade() throws IOException {
        Set<String> asked = found(RECORD, String.join("\n", lines("expr:")));
        asked.addAll(found(RECORD, String.join("\n", queriesOfTheDashboard())));

        assertThat(lines("- record:")).containsAll(asked);
    }

    @Test
    void everyAlertHasItsSectionInTheRunbook() throws IOException {
        List<String> sections = Files.readAllLines(ROOT.resolve("docs/RUNBOOK.md")).stream()
                .filter(line -> line.startsWith("## Weir"))
                .map(line -> line.substring("## ".length()))
                .toList();

        assertThat(lines("- alert:")).isNotEmpty().containsExactlyElementsOf(sections);
    }

    @Test
    void theRulesPassTheirOwnTests() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/promtool")), "promtool is missing");
        Process promtool = new ProcessBuilder("/usr/bin/promtool", "test", "rules", "weir-rules-test.yml")
                .directory(MONITORING.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(promtool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(promtool.exitValue()).as(output).isZero();
    }
}
