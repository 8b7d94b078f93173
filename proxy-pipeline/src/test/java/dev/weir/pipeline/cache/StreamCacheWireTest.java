package dev.weir.pipeline.cache;

import static dev.weir.pipeline.cache.CacheServer.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that were kept in one form and are asked for in the other. */
final class StreamCacheWireTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String REQUEST = "{'model': 'm', 'seed': 1, 'messages': [{}]%s}";
    private static final String STREAM = REQUEST.formatted(", 'stream': true");
    private static final String STREAM_WITH_USAGE =
            REQUEST.formatted(", 'stream': true, 'stream_options': {'include_usage': true}");
    private static final String WHOLE = REQUEST.formatted("");

    private final CacheServer server = new CacheServer(CacheSetup.settings(), CacheSetup.cache(), CacheStore.NONE);

    @AfterEach
    void stop() {
        server.close();
    }

    private static String chunk(String choices, String more) {
        return "data: {'id': 'c1', 'object': 'chat.completion.chunk', 'created': 7, 'model': 'served', 'choices': ["
                + choices + "]" + more + "}\n\n";
    }

    private static String delta(String delta) {
        return chunk("{'index': 0, 'delta': " + delta + ", 'finish_reason': null}", "");
    }

    private static final String FINISH = chunk("{'index': 0, 'delta': {}, 'finish_reason': 'stop'}", "");
    private static final String USAGE =
            chunk("", ", 'usage': {'prompt_tokens': 3, 'completion_tokens': 2, 'total_tokens': 5}");
    private static final String DONE = "data: [DONE]\n\n";

    /** A request whose answer is streamed in parts of these texts. */
    private RawResponse streamed(String path, String request, String... parts) {
        try (RawClient client = server.ask(path, request)) {
            Call call = server.call();
            call.head(200, "text/event-stream; charset=utf-8", -1, "x-weir-model", "m");
            for (String part : parts) {
                call.part(CacheServer.quoted(part), false);
            }
            call.part("", true);
            return client.readResponse();
        }
    }

    private static List<JsonNode> events(RawResponse response) {
        assertThat(response.text()).endsWith("data: [DONE]\n\n");
        return response.text()
                .lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> json(line.substring(6)))
                .toList();
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new AssertionError(text, e);
        }
    }

    @Test
    void aStreamedAnswerIsKeptForBothForms() {
        String all = delta("{'role': 'assistant', 'content': ''}") + ": ping\n\n" + delta("{'content': 'Hé'}")
                + delta("{'content': 'llo', 'reasoning': 'hm'}") + FINISH + USAGE + DONE;
        // Cut within events, within a line and within a line's end.
        RawResponse first = streamed(CHAT, STREAM, all.substring(0, 40), all.substring(40, 41), all.substring(41));
        RawResponse whole = server.hit(CHAT, WHOLE);
        RawResponse again = server.hit(CHAT, STREAM);

        assertThat(first.text()).isEqualTo(CacheServer.quoted(all));
        assertThat(first.header("x-weir-cache")).isEqualTo("miss");
        assertThat(whole.header("x-weir-cache")).isEqualTo("hit");
        assertThat(whole.header("x-weir-model")).isEqualTo("m");
        JsonNode answer = json(whole.text());
        assertThat(answer.path("id").asText()).isEqualTo("c1");
        assertThat(answer.path("object").asText()).isEqualTo("chat.completion");
        assertThat(answer.path("created").asInt()).isEqualTo(7);
        assertThat(answer.path("model").asText()).isEqualTo("served");
        assertThat(answer.at("/choices/0/message/role").asText()).isEqualTo("assistant");
        assertThat(answer.at("/choices/0/message/content").asText()).isEqualTo("Héllo");
        assertThat(answer.at("/choices/0/message/reasoning").asText()).isEqualTo("hm");
        assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(5);
        assertThat(again.header("x-weir-cache")).isEqualTo("hit");
        assertThat(again.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
        assertThat(again.header("content-length")).isNull();
        assertThat(text(events(again))).isEqualTo("Héllo");
    }

    private static String text(List<JsonNode> events) {
        StringBuilder text = new StringBuilder();
        events.forEach(event -> text.append(event.at("/choices/0/delta/content").asText()));
        return text.toString();
    }

    @Test
    void aWholeAnswerIsToldAsAStreamWithUsageIfThatWasAskedFor() {
        server.miss(
                CHAT,
                WHOLE,
                "{'id': 'c2', 'object': 'chat.completion', 'created': 9, 'model': 'served', 'system_fingerprint': 'f',"
                        + " 'choices': [{'index': 0, 'message': {'role': 'assistant', 'content': 'Hi', 'refusal': null},"
                        + " 'logprobs': null, 'finish_reason': 'stop'}],"
                        + " 'usage': {'prompt_tokens': 3, 'completion_tokens': 1, 'total_tokens': 4}}");
        List<JsonNode> plain = events(server.hit(CHAT, STREAM));
        List<JsonNode> counted = events(server.hit(CHAT, STREAM_WITH_USAGE));

        assertThat(plain).hasSize(3).allSatisfy(event -> {
            assertThat(event.path("id").asText()).isEqualTo("c2");
            assertThat(event.path("object").asText()).isEqualTo("chat.completion.chunk");
            assertThat(event.path("created").asInt()).isEqualTo(9);
            assertThat(event.path("system_fingerprint").asText()).isEqualTo("f");
            assertThat(event.has("usage")).isFalse();
        });
        assertThat(plain.get(0).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
        assertThat(plain.get(0).at("/choices/0/finish_reason").isNull()).isTrue();
        assertThat(plain.get(1).at("/choices/0/delta/content").asText()).isEqualTo("Hi");
        assertThat(plain.get(2).at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(counted).hasSize(4);
        assertThat(counted.get(1).get("usage").isNull()).isTrue();
        assertThat(counted.get(3).path("choices")).isEmpty();
        assertThat(counted.get(3).at("/usage/total_tokens").asInt()).isEqualTo(4);
    }

    @Test
    void severalChoicesAndCallsOfToolsAreToldToo() {
        server.miss(
                CHAT,
                WHOLE,
                "{'id': 'c3', 'choices': [{'index': 0, 'message': {'content': 'a'}, 'finish_reason': 'stop'},"
                        + " {'index': 1, 'message': {'content': null, 'tool_calls': [{'id': 't', 'type': 'function',"
                        + " 'function': {'name': 'f', 'arguments': '{}'}}]}, 'finish_reason': 'tool_calls'}]}");
        List<JsonNode> events = events(server.hit(CHAT, STREAM));

        assertThat(events).hasSize(6);
        assertThat(events.get(3).at("/choices/0/delta/tool_calls/0/index").asInt(-1))
                .isZero();
        assertThat(events.get(3).at("/choices/0/delta/tool_calls/0/id").asText())
                .isEqualTo("t");
        assertThat(events.get(5).at("/choices/0/index").asInt()).isEqualTo(1);
        assertThat(events.get(5).at("/choices/0/finish_reason").asText()).isEqualTo("tool_calls");
    }

    @Test
    void aQuestionForUsageThatServersReadInTwoWaysIsPassedBy() {
        server.miss(CHAT, WHOLE, "{'choices': [{'message': {'content': 'a'}, 'finish_reason': 'stop'}]}");

        String unclear = REQUEST.formatted(", 'stream': true, 'stream_options': {'include_usage': 1}");
        assertThat(streamed(CHAT, unclear, FINISH, DONE).header("x-weir-cache")).isEqualTo("bypass");
    }

    @Test
    void anAnswerWithoutUsageIsNoneForWhoAsksForIt() {
        server.miss(CHAT, WHOLE, "{'choices': [{'message': {'content': 'a'}, 'finish_reason': 'stop'}]}");

        assertThat(server.hit(CHAT, STREAM).header("x-weir-cache")).isEqualTo("hit");
        assertThat(streamed(CHAT, STREAM_WITH_USAGE, FINISH, USAGE, DONE).header("x-weir-cache"))
                .isEqualTo("miss");
    }

    @Test
    void completionsAreToldInTheirOwnForm() {
        String request = "{'model': 'm', 'temperature': 0, 'prompt': 'p', 'stream': true}";
        streamed(
                "/v1/completions",
                request,
                "data: {'id': 'p1', 'object': 'text_completion', 'created': 1, 'model': 's', 'choices':"
                        + " [{'index': 0, 'text': 'one ', 'logprobs': null, 'finish_reason': null}]}\n\n",
                "data: {'id': 'p1', 'object': 'text_completion', 'created': 1, 'model': 's', 'choices':"
                        + " [{'index': 0, 'text': 'two', 'logprobs': null, 'finish_reason': 'stop'}],"
                        + " 'usage': {'total_tokens': 3}}\n\n" + DONE);
        JsonNode whole = json(server.hit("/v1/completions", request.replace(", 'stream': true", ""))
                .text());
        List<JsonNode> events = events(server.hit("/v1/completions", request));

        assertThat(whole.path("object").asText()).isEqualTo("text_completion");
        assertThat(whole.at("/choices/0/text").asText()).isEqualTo("one two");
        assertThat(events).hasSize(2);
        assertThat(events.get(0).at("/choices/0/text").asText()).isEqualTo("one two");
        assertThat(events.get(1).at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no end",
                "no usage",
                "no finish",
                "length",
                "tool call",
                "log probabilities",
                "error",
                "no JSON",
                "cut"
            })
    void aStreamThatIsNotWholeIsNotKept(String what) {
        String text = delta("{'content': 'x'}");
        String[] parts = switch (what) {
            case "no end" -> new String[] {text, FINISH, USAGE};
            case "no usage" -> new String[] {text, FINISH, DONE};
            case "no finish" -> new String[] {text, USAGE, DONE};
            case "length" -> new String[] {text, FINISH.replace("stop", "length"), USAGE, DONE};
            case "tool call" -> new String[] {delta("{'tool_calls': [{'index': 0, 'id': 't'}]}"), FINISH, USAGE, DONE};
            case "log probabilities" ->
                new String[] {text.replace("'delta'", "'logprobs': {}, 'delta'"), FINISH, USAGE, DONE};
            case "error" -> new String[] {text, "data: {'error': {'message': 'no'}}\n\n", FINISH, USAGE, DONE};
            case "no JSON" -> new String[] {text, "data: oops\n\n", FINISH, USAGE, DONE};
            default -> new String[] {text, FINISH, USAGE, DONE.substring(0, 10)};
        };
        streamed(CHAT, STREAM, parts);

        assertThat(server.responses().entries()).isZero();
    }

    @Test
    void aStreamThatBreaksIsNotKept() {
        try (RawClient client = server.ask(CHAT, STREAM)) {
            Call call = server.call();
            call.head(200, "text/event-stream", -1);
            call.part(CacheServer.quoted(delta("{'content': 'x'}") + FINISH + USAGE), false);
            call.fail();
            client.readHead();
            client.closedOrReset();
        }
        assertThat(server.responses().entries()).isZero();
    }

    @Test
    void aStreamLargerThanAnEntryMayBeIsNotKept() {
        String[] parts = new String[100];
        Arrays.fill(parts, delta("{'content': '" + "x".repeat(1000) + "'}"));
        parts[99] = FINISH + USAGE + DONE;
        streamed(CHAT, STREAM, parts);

        assertThat(server.responses().entries()).isZero();
    }
}
