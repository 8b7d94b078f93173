package dev.weir.pipeline.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Limits;
import dev.weir.core.ModelProfile;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Equal requests ask the same question however they are written, and any difference that matters makes another one. */
final class QuestionReaderTest {
    private static final CacheKey CONTEXT = new CacheKey(1, 2, 3, 4);
    private static final int ROUNDS = 3_000;

    private static @Nullable Question read(CacheableCall call, String json) {
        return read(call, json.getBytes(StandardCharsets.UTF_8), ModelProfile.unwritten("m"));
    }

    private static @Nullable Question read(CacheableCall call, byte[] json, ModelProfile profile) {
        ByteBuf body = Unpooled.wrappedBuffer(json);
        return QuestionReader.read(call, CONTEXT, body, profile);
    }

    private static CacheKey key(CacheableCall call, String json) {
        Question question = read(call, json);
        assertThat(question).as(json).isNotNull();
        return question == null ? CONTEXT : question.key();
    }

    @Test
    void howARequestIsWrittenDoesNotMatter() {
        for (int seed = 0; seed < ROUNDS; seed++) {
            RandomRequest request = RandomRequest.of(new Random(seed));
            CacheKey plain = key(CacheableCall.EMBEDDINGS, request.plain());
            String otherwise = request.writtenOtherwise(new Random(seed + 1));
            assertThat(key(CacheableCall.EMBEDDINGS, otherwise))
                    .as("%s%n%s", request.plain(), otherwise)
                    .isEqualTo(plain);
        }
    }

    @Test
    void anyOtherValueIsAnotherQuestion() {
        for (int seed = 0; seed < ROUNDS; seed++) {
            RandomRequest request = RandomRequest.of(new Random(seed));
            RandomRequest other = request.changed(new Random(seed + 1));
            assertThat(key(CacheableCall.EMBEDDINGS, other.plain()))
                    .as("%s%n%s", request.plain(), other.plain())
                    .isNotEqualTo(key(CacheableCall.EMBEDDINGS, request.plain()));
        }
    }

    @Test
    void noTwoOfManyRequestsAreTakenForEachOther() {
        Map<CacheKey, Object> seen = new HashMap<>();
        for (int seed = 0; seed < ROUNDS; seed++) {
            RandomRequest request = RandomRequest.of(new Random(seed));
            Object before = seen.putIfAbsent(key(CacheableCall.EMBEDDINGS, request.plain()), request.fields());
            if (before != null) {
                assertThat(request.fields()).isEqualTo(before);
            }
        }
    }

    /** What says who asks, or in which form. */
    private static List<String> volatileFields(CacheableCall call) {
        List<String> names =
                new ArrayList<>(List.of("user", "safety_identifier", "metadata", "stream", "stream_options"));
        if (call == CacheableCall.CHAT) {
            names.add("prompt_cache_key");
        }
        return names;
    }

    private static RandomRequest generation(CacheableCall call, int seed) {
        return RandomRequest.generation(new Random(seed), call == CacheableCall.CHAT);
    }

    @ParameterizedTest
    @EnumSource(names = {"CHAT", "COMPLETIONS"})
    void howAChatOrCompletionIsWrittenAndWhoAsksDoNotMatter(CacheableCall call) {
        for (int seed = 0; seed < ROUNDS; seed++) {
            RandomRequest request = generation(call, seed);
            CacheKey plain = key(call, request.plain());
            Random random = new Random(seed + 1);
            RandomRequest other = request;
            for (int i = random.nextInt(4); i >= 0; i--) {
                other = other.withAnother(volatileFields(call), random);
            }
            String otherwise = other.writtenOtherwise(random);
            assertThat(key(call, otherwise))
                    .as("%s%n%s", request.plain(), otherwise)
                    .isEqualTo(plain);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CHAT", "COMPLETIONS"})
    void anyOtherValueOfAChatOrCompletionIsAnotherQuestion(CacheableCall call) {
        int kept = 0;
        for (int seed = 0; seed < ROUNDS; seed++) {
            RandomRequest request = generation(call, seed);
            Random random = new Random(seed + 1);
            RandomRequest other = random.nextBoolean()
                    ? request.changed(random)
                    : request.changedBelow(call == CacheableCall.CHAT ? "messages" : "prompt", random);
            // What is no question any more, without its seed say, is kept for nobody.
            Question question = read(call, other.writtenOtherwise(random));
            if (question != null) {
                kept++;
                assertThat(question.key())
                        .as("%s%n%s", request.plain(), other.plain())
                        .isNotEqualTo(key(call, request.plain()));
            }
        }
        assertThat(kept).isGreaterThan(ROUNDS / 2);
    }

    @ParameterizedTest
    @EnumSource(names = {"CHAT", "COMPLETIONS"})
    void noTwoOfManyChatsOrCompletionsAreTakenForEachOther(CacheableCall call) {
        Map<CacheKey, Object> seen = new HashMap<>();
        for (int seed = 0; seed < ROUNDS; seed++) {
            RandomRequest request = generation(call, seed);
            Object before = seen.putIfAbsent(key(call, request.plain()), request.fields());
            if (before != null) {
                assertThat(request.fields()).isEqualTo(before);
            }
        }
        assertThat(seen).hasSizeGreaterThan(ROUNDS * 9 / 10);
    }

    @ParameterizedTest
    @EnumSource(names = {"EMBEDDINGS", "OLLAMA_EMBED", "OLLAMA_EMBEDDINGS"})
    void whatIsVolatileForOneCallCountsForAnother(CacheableCall call) {
        for (int seed = 0; seed < ROUNDS; seed++) {
            RandomRequest request = RandomRequest.of(new Random(seed));
            RandomRequest other =
                    request.withAnother(List.of("stream", "stream_options", "prompt_cache_key"), new Random(seed + 1));
            assertThat(key(call, other.plain()))
                    .as("%s%n%s", request.plain(), other.plain())
                    .isNotEqualTo(key(call, request.plain()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "1.0", "1.000", "1e0", "10e-1", "0.1E1", "0.1e+1", "1E-0"})
    void aNumberIsItsValue(String one) {
        assertThat(key(CacheableCall.EMBEDDINGS, "{\"input\": \"x\", \"dimensions\": " + one + "}"))
                .isEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": \"x\", \"dimensions\": 1}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"100000000000000000", "1e17", "1.0E+17", "10e16", "100000000000000000.0"})
    void aLongNumberIsItsValue(String number) {
        assertThat(key(CacheableCall.EMBEDDINGS, "{\"input\": \"x\", \"dimensions\": " + number + "}"))
                .isEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": \"x\", \"dimensions\": 100000000000000000}"))
                .isNotEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": \"x\", \"dimensions\": 1000000000000000000}"));
    }

    @Test
    void numbersThatDifferBeyondTheReachOfADoubleDiffer() {
        assertThat(key(CacheableCall.EMBEDDINGS, "{\"input\": [9007199254740993]}"))
                .isNotEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": [9007199254740992]}"));
        assertThat(key(CacheableCall.EMBEDDINGS, "{\"input\": [0.1]}"))
                .isNotEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": [0.10000000000000001]}"));
        assertThat(key(CacheableCall.EMBEDDINGS, "{\"input\": [-0.0]}"))
                .isEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": [0]}"));
        assertThat(key(CacheableCall.EMBEDDINGS, "{\"input\": [1e999999]}"))
                .isNotEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": [1e999998]}"));
    }

    /** What a number of a thousand digits costs must not grow with the square of them: this runs on an event loop. */
    @Test
    @Timeout(10)
    void manyLongNumbersAreReadInTime() {
        String number = "1" + "0".repeat(999);
        String body = "{\"input\": [" + (number + ", ").repeat(1_000) + number + "]}";
        for (int i = 0; i < 40; i++) {
            assertThat(read(CacheableCall.EMBEDDINGS, body)).isNotNull();
        }
    }

    @Test
    void textIsItsCharacters() {
        assertThat(key(CacheableCall.EMBEDDINGS, "{\"input\": \"\\u00e9\\/\\ud83d\\ude00\"}"))
                .isEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": \"é/😀\"}"));
        // Composed and decomposed letters are other characters, and lone surrogates are not question marks.
        assertThat(key(CacheableCall.EMBEDDINGS, "{\"input\": \"e\\u0301\"}"))
                .isNotEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": \"é\"}"));
        assertThat(key(CacheableCall.EMBEDDINGS, "{\"input\": \"\\ud800\"}"))
                .isNotEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": \"\\ud801\"}"))
                .isNotEqualTo(key(CacheableCall.EMBEDDINGS, "{\"input\": \"?\"}"));
    }

    @Test
    void kindsOfValuesAreToldApart() {
        List<String> values = List.of("\"1\"", "1", "[1]", "[\"1\"]", "{\"1\": 1}", "[[1]]", "[1, []]", "true", "null");
        assertThat(values.stream()
                        .map(value -> key(CacheableCall.EMBEDDINGS, "{\"input\": \"x\", \"a\": " + value + "}"))
                        .distinct())
                .hasSize(values.size());
    }

    @Test
    void whoAsksAndInWhichFormDoesNotMatter() {
        String chat = "{\"seed\": 1, \"messages\": [{\"content\": \"x\", \"user\": \"a\"}]%s}";
        CacheKey plain = key(CacheableCall.CHAT, chat.formatted(""));
        assertThat(key(
                        CacheableCall.CHAT,
                        chat.formatted(
                                ", \"user\": \"u\", \"stream\": true, \"stream_options\": {\"include_usage\": true},"
                                        + " \"metadata\": {\"conversation_id\": \"7\"}, \"prompt_cache_key\": \"p\","
                                        + " \"safety_identifier\": \"s\"")))
                .isEqualTo(plain);
        assertThat(key(CacheableCall.CHAT, chat.formatted("").replace("\"user\": \"a\"", "\"user\": \"b\"")))
                .as("below the top level every name counts")
                .isNotEqualTo(plain);
        assertThat(key(CacheableCall.OLLAMA_EMBED, "{\"input\": \"x\", \"user\": \"a\"}"))
                .isNotEqualTo(key(CacheableCall.OLLAMA_EMBED, "{\"input\": \"x\"}"));
    }

    @Test
    void whatParsersReadInTwoWaysIsNoQuestion() {
        assertThat(read(CacheableCall.EMBEDDINGS, "{\"input\": \"x\", \"o\": {\"a\": 1, \"a\": 2}}"))
                .isNull();
        // One is written with an escape.
        assertThat(read(CacheableCall.EMBEDDINGS, "{\"input\": \"x\", \"o\": [{\"a\": 1, \"\\u0061\": 2}]}"))
                .isNull();
    }

    @Test
    void aSeedThatIsDroppedMakesNothingDeterministic() {
        ModelProfile dropping =
                new ModelProfile("m", Limits.NONE, 0, 0, Map.of(), Map.of(), Set.of("seed", "temperature"));
        byte[] chat = "{\"seed\": 1, \"temperature\": 0, \"messages\": [{}]}".getBytes(StandardCharsets.US_ASCII);
        assertThat(read(CacheableCall.CHAT, chat, dropping)).isNull();
        assertThat(read(CacheableCall.CHAT, chat, ModelProfile.unwritten("m"))).isNotNull();
    }
}
