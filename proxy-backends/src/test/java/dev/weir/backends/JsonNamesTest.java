package dev.weir.backends;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.JsonFault;
import dev.weir.core.JsonTokenizer;
import dev.weir.core.JsonTokenizer.Token;
import java.nio.ByteBuffer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonNamesTest {
    private int repeated;

    @Test
    void differentNamesAreDifferent() throws Exception {
        String json = IntStream.range(0, 500)
                .mapToObj(i -> "\"n" + i + "\":0,\"n" + i + "é\":0")
                .collect(Collectors.joining(",", "{", "}"));
        JsonNames names = names(json);

        assertThat(repeated).isZero();
        assertThat(names.size()).isEqualTo(1_000);
        assertThat(names.has("n499")).isTrue();
        assertThat(names.has("n499é")).isTrue();
        assertThat(names.has("n500")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":0,\"a\":0}",
                "{\"a\":0,\"\\u0061\":0}",
                "{\"\\u0061\":0,\"a\":0}",
                "{\"é\":0,\"\\u00e9\":0}",
                "{\"\":0,\"\":0}"
            })
    void aNameIsTheSameHoweverItIsWritten(String json) throws Exception {
        names(json);

        assertThat(repeated).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":0,\"ab\":0,\"abc\":0,\"\":0}",
                "{\"a\":\"b\",\"a\\\":\\\"b\":0}",
                "{\"a\":0,\"a\\\"\":0,\"a\\\\\":0}"
            })
    void aBeginningOfANameIsAnother(String json) throws Exception {
        names(json);

        assertThat(repeated).isZero();
    }

    private JsonNames names(String text) throws JsonFault {
        ByteBuffer json = ByteBuffer.wrap(text.getBytes(UTF_8));
        JsonTokenizer tokenizer = new JsonTokenizer(json);
        JsonNames names = new JsonNames(json);
        for (Token token = tokenizer.next(); token != Token.NONE; token = tokenizer.next()) {
            if (token == Token.NAME && !names.add(tokenizer)) {
                repeated++;
            }
        }
        return names;
    }
}
