package dev.weir.pipeline.transform;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Limits;
import dev.weir.core.ModelProfile;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParameterRulesTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static ModelProfile profile(Map<String, Object> defaults, Map<String, Double> caps, Set<String> drops) {
        return new ModelProfile("m", Limits.NONE, 0, 0, defaults, caps, drops);
    }

    private static String apply(ModelProfile profile, boolean ollama, String json) {
        ByteBuf body = Unpooled.copiedBuffer(json, StandardCharsets.UTF_8);
        ByteBuf edited = ParameterRules.of(profile).apply(body, ollama).apply();
        try {
            return edited.toString(StandardCharsets.UTF_8);
        } finally {
            edited.release();
            body.release();
        }
    }

    private static String quoted(String json) {
        return json.replace('\'', '"');
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'model':'m'} | {'model':'m','temperature':0.5}",
                "{ 'model' : 'm' , 'x':[ 1 ] } | { 'model' : 'm' , 'x':[ 1 ],'temperature':0.5 }",
                "{'model':'m','temperature':1} | {'model':'m','temperature':1}",
                "{'temperature':null,'model':'m'} | {'temperature':0.5,'model':'m'}",
                "{'Temperature':1,'model':'m'} | {'Temperature':1,'model':'m'}",
                "{'nested':{'temperature':1},'model':'m'} | {'nested':{'temperature':1},'model':'m','temperature':0.5}",
            })
    void aDefaultIsAddedWhereTheRequestHasNone(String sent, String expected) {
        assertThat(apply(profile(Map.of("temperature", 0.5), Map.of(), Set.of()), false, quoted(sent)))
                .isEqualTo(quoted(expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'max_tokens':101} | {'max_tokens':100}",
                "{'max_tokens':100} | {'max_tokens':100}",
                "{'max_tokens': 1e9 , 'a':1} | {'max_tokens': 100 , 'a':1}",
                "{'max_completion_tokens':4096} | {'max_completion_tokens':100}",
                "{'max_output_tokens':4096} | {'max_output_tokens':100}",
                "{'Max_Tokens':4096} | {'Max_Tokens':100}",
                "{'max\\u005ftokens':4096} | {'max\\u005ftokens':100}",
                "{'max_tokens':-1} | {'max_tokens':100}",
                "{'max_tokens':'4096'} | {'max_tokens':'4096'}",
                "{'x':{'max_tokens':4096}} | {'x':{'max_tokens':4096}}",
                "{'top_p':1.5} | {'top_p':0.9}",
                "{'top_p':-1} | {'top_p':-1}",
            })
    void aNumberAboveItsCapIsLowered(String sent, String expected) {
        assertThat(apply(profile(Map.of(), Map.of("max_tokens", 100d, "top_p", 0.9), Set.of()), false, quoted(sent)))
                .isEqualTo(quoted(expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'a':1,'user':'u','b':2} | {'a':1,'b':2}",
                "{ 'user':'u' , 'b':2 } | { 'b':2 }",
                "{'b':2, 'user':{'x':'}'} } | {'b':2 }",
                "{'user':1,'logit_bias':{},'b':2,'LOGIT_BIAS':[]} | {'b':2}",
                "{'user':1, 'logit_bias':{} } | { }",
                "{'b':{'user':1}} | {'b':{'user':1}}",
                "{'model':'user'} | {'model':'user'}",
            })
    void aDroppedParameterIsTakenOut(String sent, String expected) {
        assertThat(apply(profile(Map.of(), Map.of(), Set.of("user", "logit_bias", "model")), false, quoted(sent)))
                .isEqualTo(quoted(expected));
    }

    @Test
    void aDefaultForTheLimitOfTokensHeedsItsOtherNames() {
        ModelProfile profile = profile(Map.of("max_tokens", 256), Map.of(), Set.of());

        assertThat(apply(profile, false, "{\"max_completion_tokens\":5}")).isEqualTo("{\"max_completion_tokens\":5}");
        assertThat(apply(profile, false, "{}")).isEqualTo("{\"max_tokens\":256}");
    }

    @Test
    void valuesOfAnyKindCanBeDefaults() {
        ModelProfile profile =
                profile(Map.of("stop", List.of("\n", "\"ü\""), "extra", Map.of("a", true)), Map.of(), Set.of("user"));

        assertThat(apply(profile, false, "{\"user\":1}"))
                .isIn(
                        "{\"stop\":[\"\\n\",\"\\\"ü\\\"\"],\"extra\":{\"a\":true}}",
                        "{\"extra\":{\"a\":true},\"stop\":[\"\\n\",\"\\\"ü\\\"\"]}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'model':'m'} | {'model':'m','options':{'num_predict':10}}",
                "{'options':{},'model':'m'} | {'options':{'num_predict':10},'model':'m'}",
                "{'options':{'num_predict':5000,'seed':1},'model':'m'} | {'options':{'num_predict':100,'seed':1},'model':'m'}",
                "{'options':{'num_predict':-1},'model':'m'} | {'options':{'num_predict':100},'model':'m'}",
                "{'options':{'mirostat':1},'model':'m'} | {'options':{'num_predict':10},'model':'m'}",
            })
    void inOllamasOwnApiParametersStandInOptions(String sent, String expected) {
        ModelProfile profile = profile(Map.of("max_tokens", 10), Map.of("max_tokens", 100d), Set.of("mirostat"));

        assertThat(apply(profile, true, quoted(sent))).isEqualTo(quoted(expected));
    }

    @Test
    void fieldsBesideOptionsStayThere() {
        assertThat(apply(profile(Map.of("keep_alive", "10m"), Map.of(), Set.of()), true, "{\"model\":\"m\"}"))
                .isEqualTo("{\"model\":\"m\",\"keep_alive\":\"10m\"}");
    }

    @Test
    void aLargeBodySharesTheBytesThatStay() {
        String filler = "0123456789".repeat(10_000);

        assertThat(apply(
                        profile(Map.of("seed", 1), Map.of("top_p", 1d), Set.of("user")),
                        false,
                        quoted("{'user':1,'prompt':'" + filler + "','top_p':2,'user2':3}")))
                .isEqualTo(quoted("{'prompt':'" + filler + "','top_p':1,'user2':3,'seed':1}"));
    }

    /** Against a model that decodes: the same result, and every member that stays keeps its text and its place. */
    @Test
    void randomBodiesComeOutAsIfDecodedEditedAndEncoded() throws JsonProcessingException {
        Random random = new Random(7);
        List<String> names = List.of("a", "b", "c", "d", "e", "f");
        for (int round = 0; round < 3_000; round++) {
            Map<String, Object> defaults = new LinkedHashMap<>();
            Map<String, Double> caps = new LinkedHashMap<>();
            List<String> drops = new ArrayList<>();
            for (String name : names) {
                switch (random.nextInt(4)) {
                    case 0 -> defaults.put(name, random.nextInt(100));
                    case 1 -> caps.put(name, (double) random.nextInt(100));
                    case 2 -> drops.add(name);
                    default -> {}
                }
            }
            String body = randomBody(random, names);
            ObjectNode expected = (ObjectNode) JSON.readTree(body);
            drops.forEach(expected::remove);
            caps.forEach((name, most) -> {
                JsonNode value = expected.path(name);
                if (value.isNumber() && value.doubleValue() > most) {
                    expected.put(name, most.longValue());
                }
            });
            defaults.forEach((name, value) -> {
                if (expected.path(name).isMissingNode() || expected.path(name).isNull()) {
                    expected.put(name, (int) value);
                }
            });

            String edited = apply(profile(defaults, caps, Set.copyOf(drops)), false, body);

            assertThat(JSON.readTree(edited))
                    .as("%s -> %s", body, edited)
                    .isEqualTo(JSON.readTree(expected.toString()));
        }
    }

    private static String randomBody(Random random, List<String> names) {
        List<String> shuffled = new ArrayList<>(names.subList(0, random.nextInt(names.size() + 1)));
        Collections.shuffle(shuffled, random);
        String[] values = {"\"},{\\\"\"", "[1,{\"a\":2}]", "{\"b\":[\"]\"]}", "null", "true", "1", "57", "500", "-3"};
        StringBuilder json = new StringBuilder("{");
        for (String name : shuffled) {
            json.append(json.length() > 1 ? "," : "")
                    .append(" ".repeat(random.nextInt(2)))
                    .append('"')
                    .append(name)
                    .append("\" :")
                    .append(values[random.nextInt(values.length)])
                    .append(" ".repeat(random.nextInt(2)));
        }
        return json.append('}').toString();
    }
}
