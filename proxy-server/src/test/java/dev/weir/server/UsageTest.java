package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import java.net.http.HttpResponse;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What answers cost, as {@code /management/usage} tells it. */
class UsageTest {
    private static final String MESSAGES = "'messages': [{'role': 'user', 'content': 'Why is the sky blue?'}]";

    private final SimServer ollama = TestGateway.sim(SimKind.OLLAMA, "phi3", "all-minilm");
    private final SimServer openai = TestGateway.sim(SimKind.OPENAI, "gpt");
    private final TestGateway gateway = TestGateway.start("""
            backends:
              a: {url: "%s"}
              b: {url: "%s/v1", kind: openai}
            models:
              chat: {targets: [{backend: a, model: phi3}], prices: {prompt: 1, completion: 3}}
              gpt: {targets: [{backend: b, model: gpt}], prices: {prompt: 0.1, completion: 0.2}}
              vectors: {targets: [{backend: a, model: all-minilm}]}
            discover_models: false
            """.formatted(ollama.url(), openai.url()));

    @AfterEach
    void stop() {
        gateway.close();
        ollama.close();
        openai.close();
    }

    private HttpResponse<String> report(String query) {
        return gateway.send(
                "GET", "/management/usage?" + query, "", "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY);
    }

    /** The lines of a report, which must be there. */
    private JsonNode lines(String query) {
        HttpResponse<String> answer = report(query);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return json(answer).path("data");
    }

    /** The only line. */
    private JsonNode line(String query) {
        JsonNode lines = lines(query);
        assertThat(lines).as(lines.toString()).hasSize(1);
        return lines.path(0);
    }

    private JsonNode usageOf(String path, String body) {
        HttpResponse<String> answer = gateway.post(path, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return json(answer).path("usage");
    }

    @Test
    void tokensAreToldByKeyModelBackendAndDay() {
        JsonNode usage = usageOf("/v1/chat/completions", "{'model': 'chat', " + MESSAGES + "}");
        JsonNode vectors = usageOf("/v1/embeddings", "{'model': 'vectors', 'input': 'a red fox'}");

        JsonNode lines = lines("group_by=key,model,backend,day");

        assertThat(lines).hasSize(2);
        JsonNode chat = lines.path(0);
        assertThat(chat.path("key").asText()).isEqualTo("master");
        assertThat(chat.path("key_name").asText()).isEqualTo("master");
        assertThat(chat.path("model").asText()).isEqualTo("chat");
        assertThat(chat.path("backend").asText()).isEqualTo("a");
        assertThat(chat.path("day").asText())
                .isEqualTo(LocalDate.now(ZoneOffset.UTC).toString());
        assertThat(chat.path("requests").asLong()).isOne();
        assertThat(chat.path("prompt_tokens")).isEqualTo(usage.path("prompt_tokens"));
        assertThat(chat.path("completion_tokens")).isEqualTo(usage.path("completion_tokens"));
        assertThat(chat.path("total_tokens")).isEqualTo(usage.path("total_tokens"));
        assertThat(chat.path("cost").asDouble())
                .isEqualTo((usage.path("prompt_tokens").asLong()
                                + 3 * usage.path("completion_tokens").asLong())
                        / 1e6);
        assertThat(chat.path("estimated").asLong()).isZero();
        assertThat(lines.path(1).path("prompt_tokens")).isEqualTo(vectors.path("prompt_tokens"));
        assertThat(lines.path(1).path("completion_tokens").asLong()).isZero();
        assertThat(gateway.metric("weir_tokens_total{model=\"chat\",backend=\"a\",kind=\"prompt\",}"))
                .isEqualTo(usage.path("prompt_tokens").asDouble());
        assertThat(gateway.metric("weir_tokens_total{model=\"chat\",backend=\"a\",kind=\"completion\",}"))
                .isEqualTo(usage.path("completion_tokens").asDouble());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "chat | /v1/chat/completions | 'stream': true",
                "gpt | /v1/chat/completions | 'stream': true",
                "gpt | /v1/chat/completions | 'stream_options': {}, 'stream': true",
                "gpt | /v1/chat/completions | 'stream_options': null, 'stream': true",
                "gpt | /v1/chat/completions | 'stream_options': {'include_usage': false}, 'stream': true",
                "gpt | /v1/chat/completions | 'stream': true, 'stream_options': {'include_obfuscation': false}",
            })
    void aStreamIsCountedAndTellsNoUsageThatNobodyAskedFor(String model, String path, String options) {
        JsonNode usage = usageOf(path, "{'model': '" + model + "', " + MESSAGES + "}");
        String body = "{" + options + ", 'model': '" + model + "', " + MESSAGES + "}";

        HttpResponse<String> stream = gateway.post(path, body);

        assertThat(stream.body())
                .contains("data: {")
                .endsWith("\"finish_reason\":\"stop\"}" + (model.equals("gpt") ? "],\"usage\":null}" : "]}")
                        + "\n\ndata: [DONE]\n\n")
                .doesNotContain("\"usage\":{");
        JsonNode line = line("group_by=model");
        assertThat(line.path("requests").asLong()).isEqualTo(2);
        assertThat(line.path("estimated").asLong()).isZero();
        assertThat(line.path("prompt_tokens").asLong())
                .isEqualTo(2 * usage.path("prompt_tokens").asLong());
        assertThat(line.path("completion_tokens").asLong())
                .isEqualTo(2 * usage.path("completion_tokens").asLong());
    }

    @Test
    void theOfficialLibrarySeesUsageOnlyIfItAsks() {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(gateway.url() + "/v1")
                .apiKey(TestGateway.KEY)
                .build();
        try {
            ChatCompletionCreateParams.Builder question =
                    ChatCompletionCreateParams.builder().model("gpt").addUserMessage("Why is the sky blue?");
            List<ChatCompletionChunk> plain = chunks(client, question.build());
            List<ChatCompletionChunk> asked = chunks(
                    client,
                    question.streamOptions(ChatCompletionStreamOptions.builder()
                                    .includeUsage(true)
                                    .build())
                            .build());

            assertThat(plain).allSatisfy(chunk -> {
                assertThat(chunk.usage()).isEmpty();
                assertThat(chunk.choices()).hasSize(1);
            });
            assertThat(asked).hasSize(plain.size() + 1);
            long told = asked.get(asked.size() - 1).usage().orElseThrow().totalTokens();
            assertThat(line("group_by=model").path("total_tokens").asLong()).isEqualTo(2 * told);
        } finally {
            client.close();
        }
    }

    private static List<ChatCompletionChunk> chunks(OpenAIClient client, ChatCompletionCreateParams question) {
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(question)) {
            return stream.stream().toList();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anthropicsAndOpenAisOtherApisAreCounted(boolean stream) {
        String rest = ", 'model': 'gpt', 'stream': " + stream + "}";

        gateway.post("/v1/messages", "{'max_tokens': 40, " + MESSAGES + rest);
        gateway.post("/v1/responses", "{'input': 'Why is the sky blue?'" + rest);
        gateway.post("/v1/completions", "{'prompt': 'Why is the sky blue?'" + rest);

        JsonNode line = line("group_by=model");
        assertThat(line.path("requests").asLong()).isEqualTo(3);
        assertThat(line.path("estimated").asLong()).isZero();
        assertThat(line.path("errors").asLong()).isZero();
        assertThat(line.path("prompt_tokens").asLong()).isGreaterThan(10);
        assertThat(line.path("completion_tokens").asLong()).isGreaterThan(20);
    }

    @Test
    void refusedAndFailedRequestsAreErrorsWithoutTokens() {
        gateway.post("/v1/chat/completions", "{'model': 'nobody', " + MESSAGES + "}");
        gateway.send("POST", "/v1/chat/completions", "{'model': 'chat'}", "authorization", "Bearer sk-weir-wrong");
        gateway.get("/v1/models");

        JsonNode lines = lines("group_by=key");

        assertThat(lines).hasSize(2);
        assertThat(lines.path(0).path("key").asText()).isEmpty();
        assertThat(lines.path(0).path("errors").asLong()).isOne();
        assertThat(lines.path(1).path("key").asText()).isEqualTo("master");
        assertThat(lines.path(1).path("errors").asLong()).isOne();
        assertThat(lines.path(1).path("total_tokens").asLong()).isZero();
    }

    @Test
    void hitsOfTheCacheCountAsRequestsNotAsTokens() {
        String body = "{'model': 'vectors', 'input': 'a red fox'}";
        JsonNode usage = usageOf("/v1/embeddings", body);
        usageOf("/v1/embeddings", body);

        JsonNode line = line("group_by=model");

        assertThat(line.path("model").asText()).isEqualTo("vectors");
        assertThat(line.path("requests").asLong()).isEqualTo(2);
        assertThat(line.path("cache_hits").asLong()).isOne();
        assertThat(line.path("prompt_tokens")).isEqualTo(usage.path("prompt_tokens"));
    }

    @Test
    void keysAreToldByTheirNamesAndHeldToTheirBudgets() {
        HttpResponse<String> made = gateway.send(
                "POST",
                "/management/keys",
                "{'name': 'ci, =1', 'budget': {'tokens_per_day': 5}}",
                "authorization",
                "Bearer " + TestGateway.MANAGEMENT_KEY);
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        String key = json(made).path("key").asText();
        String body = "{'model': 'chat', 'stream': true, " + MESSAGES + "}";

        assertThat(gateway.send("POST", "/v1/chat/completions", body, "authorization", "Bearer " + key)
                        .statusCode())
                .isEqualTo(200);
        assertThat(gateway.send("POST", "/v1/chat/completions", body, "authorization", "Bearer " + key)
                        .statusCode())
                .isEqualTo(429);

        JsonNode line = line("group_by=key");
        assertThat(line.path("key")).isEqualTo(json(made).path("id"));
        assertThat(line.path("key_name").asText()).isEqualTo("ci, =1");
        assertThat(line.path("requests").asLong()).isEqualTo(2);
        assertThat(line.path("errors").asLong()).isOne();
        assertThat(report("group_by=key&format=csv").body())
                .contains(json(made).path("id").asText() + ",\"ci, =1\",2,");
    }

    @Test
    void reportsComeAsCsvToo() {
        usageOf("/v1/chat/completions", "{'model': 'chat', " + MESSAGES + "}");

        HttpResponse<String> csv = report("group_by=model,day&format=csv");

        assertThat(csv.headers().firstValue("content-type")).hasValue("text/csv; charset=utf-8; header=present");
        String[] rows = csv.body().split("\r\n", -1);
        assertThat(rows).hasSize(3);
        assertThat(rows[0])
                .isEqualTo("day,model,requests,prompt_tokens,completion_tokens,total_tokens,cached_tokens,estimated,"
                        + "errors,aborted,cache_hits,cost");
        assertThat(rows[1]).startsWith(LocalDate.now(ZoneOffset.UTC) + ",chat,1,");
        assertThat(rows[2]).isEmpty();
    }

    @Test
    void reportsAreOfTheDaysAskedFor() {
        usageOf("/v1/chat/completions", "{'model': 'chat', " + MESSAGES + "}");
        LocalDate today = LocalDate.now(ZoneOffset.UTC);

        assertThat(lines("group_by=&from=" + today + "T00:00:00Z&to=" + today)).hasSize(1);
        assertThat(lines("group_by=day&to=" + today.minusDays(1))).isEmpty();
        assertThat(lines("from=" + today.plusDays(1) + "&to=" + today.plusDays(2)))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "group_by=model,users | group_by | group_by: users (expected: key, model, backend or day, or several with commas between)",
                "from=yesterday | from | from: yesterday (expected: a day as 2026-11-21, or a time as 2026-11-21T08:00:00Z)",
                "to=2026-13-01 | to | to: 2026-13-01 (expected: a day as 2026-11-21, or a time as 2026-11-21T08:00:00Z)",
                "from=2026-02-02&to=2026-02-01 | from | from: 2026-02-02 (expected: not after to, which is 2026-02-01)",
                "format=xml | format | format: xml (expected: json or csv)",
                "group=key | group | group: unknown parameter (expected: group_by, from, to or format)",
                "to=2026-02-01&to=2026-02-02 | to | to: given twice",
            })
    void whatMakesNoSenseIsRefusedAndSaysWhy(String query, String param, String message) {
        HttpResponse<String> answer = report(query);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(json(answer).path("error").path("param").asText()).isEqualTo(param);
        assertThat(json(answer).path("error").path("message").asText()).isEqualTo(message);
    }

    @Test
    void onlyManagersAreTold() {
        assertThat(gateway.send("GET", "/management/usage", "").statusCode()).isEqualTo(401);
    }
}
