package dev.weir.pipeline.cache;

import static dev.weir.pipeline.cache.CacheServer.CHAT;
import static dev.weir.pipeline.cache.CacheServer.EMBEDDINGS;
import static dev.weir.pipeline.cache.CacheServer.VECTORS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.cache.CacheSettings.Scope;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is kept, for whom, and what a client sees of it. */
final class CacheWireTest {
    private static final String ASK = "{'model': 'm', 'input': 'a weir'}";
    private static final String COLD =
            "{'model': 'm', 'temperature': 0, 'messages': [{'role': 'user', 'content': 'hi'}]}";
    private static final String ANSWER =
            "{'id': 'x', 'choices': [{'index': 0, 'message': {'content': 'hello'}, 'finish_reason': 'stop'}]}";

    private CacheServer server = new CacheServer(CacheSetup.settings(), CacheSetup.cache(), CacheStore.NONE);

    @AfterEach
    void stop() {
        server.close();
    }

    private void restart(CacheSettings settings) {
        server.close();
        server = new CacheServer(settings, CacheSetup.cache(), CacheStore.NONE);
    }

    @Test
    void theSecondRequestIsAnsweredWithTheBytesOfTheFirst() {
        RawResponse first = server.miss(EMBEDDINGS, ASK, VECTORS);
        RawResponse second = server.hit(EMBEDDINGS, ASK);

        assertThat(first.header("x-weir-cache")).isEqualTo("miss");
        assertThat(second.header("x-weir-cache")).isEqualTo("hit");
        assertThat(second.header("age")).matches("\\d+");
        assertThat(second.header("content-type")).isEqualTo("application/json");
        assertThat(second.text()).isEqualTo(first.text()).isEqualTo(VECTORS);
        assertThat(server.embeddings().hits()).isEqualTo(1);
        assertThat(server.embeddings().misses()).isEqualTo(1);
        assertThat(server.embeddings().entries()).isEqualTo(1);
        assertThat(server.embeddings().hitRate()).isEqualTo(0.5);
    }

    @Test
    void theSameQuestionWrittenOtherwiseIsAHit() {
        server.miss(EMBEDDINGS, ASK, VECTORS);

        assertThat(server.hit(EMBEDDINGS, "{ 'user': 'u1', 'input' : 'a \\u0077eir', 'model': 'm' }")
                        .header("x-weir-cache"))
                .isEqualTo("hit");
        assertThat(server.hit("/embeddings", ASK).header("x-weir-cache")).isEqualTo("hit");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'model': 'n', 'input': 'a weir'}",
                "{'model': 'm', 'input': 'a  weir'}",
                "{'model': 'm', 'input': ['a weir']}",
                "{'model': 'm', 'input': 'a weir', 'encoding_format': 'base64'}",
                "{'model': 'm', 'input': 'a weir', 'dimensions': 64}"
            })
    void anotherQuestionIsAMiss(String other) {
        server.miss(EMBEDDINGS, ASK, VECTORS);

        assertThat(server.miss(EMBEDDINGS, other, VECTORS).header("x-weir-cache"))
                .isEqualTo("miss");
    }

    @Test
    void ollamasCallsHaveEntriesOfTheirOwn() {
        server.miss(EMBEDDINGS, ASK, VECTORS);
        String embed = "{'embeddings': [[0.25, -1]]}";
        String legacy = "{'embedding': [0.25, -1]}";
        server.miss("/api/embed", ASK, embed);
        server.miss("/api/embeddings", "{'model': 'm', 'prompt': 'a weir'}", legacy);

        assertThat(server.hit("/api/embed", ASK).text()).isEqualTo(CacheServer.quoted(embed));
        assertThat(server.hit("/api/embeddings", "{'model': 'm', 'prompt': 'a weir'}")
                        .text())
                .isEqualTo(CacheServer.quoted(legacy));
    }

    @Test
    void aRequestToLoadAModelReachesTheBackend() {
        for (int i = 0; i < 2; i++) {
            assertThat(server.miss("/api/embed", "{'model': 'm', 'input': ''}", "{'embeddings': [[1]]}")
                            .header("x-weir-cache"))
                    .isEqualTo("bypass");
        }
    }

    @Test
    void otherRoutesAreLeftAlone() {
        RawResponse answer = server.miss("/v1/rerank", ASK, "{}");
        RawResponse relayed = server.miss("/relayed/v1/embeddings", ASK, "{}");

        assertThat(answer.header("x-weir-cache")).isNull();
        assertThat(relayed.header("x-weir-cache")).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "200, '{\"data\": []}'",
        "200, '{\"error\": {\"message\": \"no\"}}'",
        "200, '{\"data\": [{}]'",
        "200, 'no JSON'",
        "201, '{\"data\": [{}]}'",
        "400, '{\"data\": [{}]}'",
        "500, '{\"data\": [{}]}'"
    })
    void whatIsNoAnswerIsNotKept(int status, String body) {
        for (int i = 0; i < 2; i++) {
            try (RawClient client = server.ask(EMBEDDINGS, ASK)) {
                server.call().answer(status, body);
                assertThat(client.readResponse().header("x-weir-cache")).isEqualTo("miss");
            }
        }
        assertThat(server.embeddings().entries()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"Content-Encoding, gzip", "Cache-Control, no-store", "Cache-Control, 'private, max-age=60'"})
    void anAnswerWhoseHeadForbidsItIsNotKept(String field, String value) {
        for (int i = 0; i < 2; i++) {
            try (RawClient client = server.ask(EMBEDDINGS, ASK)) {
                server.call().answer(200, VECTORS, field, value);
                assertThat(client.readResponse().text()).isEqualTo(VECTORS);
            }
        }
    }

    @Test
    void anAnswerInChunksIsKeptWhole() {
        try (RawClient client = server.ask(EMBEDDINGS, ASK)) {
            Call call = server.call();
            call.head(200, "application/json", -1);
            call.part(VECTORS.substring(0, 10), false);
            call.part(VECTORS.substring(10), false);
            call.part("", true);
            client.readResponse();
        }
        assertThat(server.hit(EMBEDDINGS, ASK).text()).isEqualTo(VECTORS);
    }

    @Test
    void anAnswerThatBreaksOffIsNotKept() {
        try (RawClient client = server.ask(EMBEDDINGS, ASK)) {
            Call call = server.call();
            call.head(200, "application/json", -1);
            call.part(VECTORS, false);
            call.fail();
            assertThat(client.readResponse().complete()).isFalse();
        }
        assertThat(server.miss(EMBEDDINGS, ASK, VECTORS).text()).isEqualTo(VECTORS);
    }

    @Test
    void anAnswerLargerThanAnEntryMayBeIsNotKept() {
        restart(CacheSetup.settings(Scope.ALL, Duration.ofHours(1), "20B"));
        server.miss(EMBEDDINGS, ASK, VECTORS);
        try (RawClient client = server.ask(EMBEDDINGS, ASK)) {
            Call call = server.call();
            call.head(200, "application/json", -1);
            call.part(VECTORS, true);
            assertThat(client.readResponse().text()).isEqualTo(VECTORS);
        }
        assertThat(server.embeddings().entries()).isZero();
    }

    @Test
    void anEntryEndsWithItsTime() {
        restart(CacheSetup.settings(Scope.ALL, Duration.ofMillis(1), "1KiB"));
        server.miss(EMBEDDINGS, ASK, VECTORS);
        Await.until("the entry is gone", () -> server.embeddings().entries() == 0);

        assertThat(server.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");
        assertThat(server.embeddings().evictions()).isZero();
    }

    @Test
    void entriesAreGivenUpForWantOfRoom() {
        String large = "{'data': [{'embedding': '" + "x".repeat(60_000) + "'}]}";
        for (int i = 0; i < 20; i++) {
            server.miss(EMBEDDINGS, "{'model': 'm', 'input': 'text " + i + "'}", large);
        }
        CacheStatistics figures = server.embeddings();

        assertThat(figures.bytes()).isBetween(60_000L, 1_000_000L);
        assertThat(figures.entries() + figures.evictions()).isEqualTo(20);
        assertThat(figures.evictions()).isPositive();
    }

    @Test
    void noStoreNeitherLooksNorKeeps() {
        assertThat(server.miss(EMBEDDINGS, ASK, VECTORS, "Cache-Control: no-store")
                        .header("x-weir-cache"))
                .isEqualTo("bypass");
        assertThat(server.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");
        assertThat(server.miss(EMBEDDINGS, ASK, VECTORS, "Cache-Control: no-store")
                        .header("x-weir-cache"))
                .isEqualTo("bypass");
        assertThat(server.embeddings().bypasses()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-cache", "max-age=0"})
    void noCacheKeepsAFreshAnswer(String control) {
        server.miss(EMBEDDINGS, ASK, VECTORS);
        String fresh = "{'data': [{'embedding': [7]}]}";
        assertThat(server.miss(EMBEDDINGS, ASK, fresh, "Cache-Control: " + control)
                        .header("x-weir-cache"))
                .isEqualTo("miss");

        assertThat(server.hit(EMBEDDINGS, ASK).text()).isEqualTo(CacheServer.quoted(fresh));
    }

    @Test
    void embeddingsAreForAllAndResponsesForTheKeyThatAsked() {
        server.miss(EMBEDDINGS, ASK, VECTORS, "x-test-key: one");
        server.miss(CHAT, COLD, ANSWER, "x-test-key: one");

        assertThat(server.hit(EMBEDDINGS, ASK, "x-test-key: two").header("x-weir-cache"))
                .isEqualTo("hit");
        assertThat(server.hit(CHAT, COLD, "x-test-key: one").header("x-weir-cache"))
                .isEqualTo("hit");
        assertThat(server.miss(CHAT, COLD, ANSWER, "x-test-key: two").header("x-weir-cache"))
                .isEqualTo("miss");
    }

    @Test
    void whoMayNotUseTheModelGetsNoHit() {
        server.miss(EMBEDDINGS, ASK, VECTORS, "x-test-key: one");
        RawResponse refused = server.hit(EMBEDDINGS, ASK, "x-test-key: two", "x-test-models: other*");

        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.text()).contains("model_not_allowed").doesNotContain("embedding");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'model': 'm', 'messages': [{}]}",
                "{'model': 'm', 'messages': [{}], 'temperature': 0.1}",
                "{'model': 'm', 'messages': [{}], 'temperature': null}",
                "{'model': 'm', 'messages': [{}], 'temperature': 0, 'n': 2}",
                "{'model': 'm', 'messages': [{}], 'seed': null}",
                "{'model': 'm', 'messages': [{}], 'seed': 7, 'store': true}",
                "{'model': 'm', 'messages': [{}], 'seed': 7, 'web_search_options': {}}"
            })
    void aChatThatMayBeAnsweredOtherwiseNextTimeIsNotKept(String chat) {
        assertThat(server.miss(CHAT, chat, ANSWER).header("x-weir-cache")).isEqualTo("bypass");
        assertThat(server.miss(CHAT, chat, ANSWER).header("x-weir-cache")).isEqualTo("bypass");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'model': 'm', 'messages': [{}], 'temperature': 0}",
                "{'model': 'm', 'messages': [{}], 'temperature': 0.0, 'n': 1}",
                "{'model': 'm', 'messages': [{}], 'seed': 7}",
                "{'model': 'm', 'messages': [{}], 'seed': 7, 'n': 2, 'temperature': 1}"
            })
    void aChatThatIsAnsweredAlikeEachTimeIsKept(String chat) {
        server.miss(CHAT, chat, ANSWER);
        assertThat(server.hit(CHAT, chat).header("x-weir-cache")).isEqualTo("hit");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'choices': [{'finish_reason': 'length'}]}",
                "{'choices': [{'finish_reason': 'content_filter'}]}",
                "{'choices': [{'finish_reason': null}]}",
                "{'choices': [{'finish_reason': 'stop', 'finish_reason': null}]}",
                "{'choices': [{'finish_reason': 'stop'}]} {}",
                "{'choices': [{'finish_reason': 'stop'}], 'n': NaN}",
                "{'choices': [{'finish_reason': 'stop'}, {'finish_reason': 'length'}]}",
                "{'choices': [{'finish_reason': 'tool_calls', 'message': {'tool_calls': [{}]}}]}",
                "{'choices': [{'finish_reason': 'stop', 'message': {'tool_calls': [{}]}}]}",
                "{'choices': []}",
                "{'error': {}}"
            })
    void anUnfinishedOrActingAnswerIsNotKept(String answer) {
        assertThat(server.miss(CHAT, COLD, answer).header("x-weir-cache")).isEqualTo("miss");
        assertThat(server.miss(CHAT, COLD, answer).header("x-weir-cache")).isEqualTo("miss");
    }

    @Test
    void aCallOfAToolIsKeptWhenTheRequestHasASeed() {
        String seeded = "{'model': 'm', 'seed': 1, 'messages': [{}]}";
        server.miss(
                CHAT,
                seeded,
                "{'choices': [{'finish_reason': 'tool_calls', 'message': {'tool_calls': [{'id': 'c'}]}}]}");
        assertThat(server.hit(CHAT, seeded).header("x-weir-cache")).isEqualTo("hit");
    }

    @Test
    void clearingForgetsAlsoWhatWasAskedBefore() {
        server.miss(EMBEDDINGS, ASK, VECTORS);
        try (RawClient asked = server.ask(EMBEDDINGS, "{'model': 'm', 'input': 'slow'}")) {
            Call slow = server.call();
            server.cache().clear();
            slow.answer(VECTORS);
            asked.readResponse();
        }

        assertThat(server.embeddings().entries()).isZero();
        assertThat(server.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");
    }

    @Test
    void aVeryLargeRequestIsNotRead() {
        String large = "{'model': 'm', 'input': '" + "x".repeat(QuestionReader.MAX_BODY_BYTES) + "'}";
        assertThat(server.miss(EMBEDDINGS, large, VECTORS).header("x-weir-cache"))
                .isEqualTo("bypass");
    }
}
