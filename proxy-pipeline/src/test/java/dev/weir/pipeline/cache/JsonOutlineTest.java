package dev.weir.pipeline.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonOutlineTest {
    private static JsonOutline outline(String json) {
        ByteBuf body = Unpooled.copiedBuffer(json, StandardCharsets.UTF_8);
        try {
            return JsonOutline.of(body);
        } finally {
            body.release();
        }
    }

    private static String text(JsonOutline json, int value) {
        int start = json.start(value);
        return new String(json.json(), start, json.end(value) - start, StandardCharsets.UTF_8);
    }

    /** The parts of the value, in their order. */
    private static List<String> parts(JsonOutline json, int value) {
        List<String> parts = new ArrayList<>();
        for (int part = json.first(value); part < json.behind(value); part = json.behind(part)) {
            parts.add(text(json, part));
        }
        return parts;
    }

    @Test
    void anObjectHasNamesAndValuesInTurn() {
        JsonOutline json = outline(" { \"a\" : [1, {\"b\": \"}\"}] , \"c\":{} ,\"d\":-1.5e3}\n");

        assertThat(parts(json, 0)).containsExactly("\"a\"", "[1, {\"b\": \"}\"}]", "\"c\"", "{}", "\"d\"", "-1.5e3");
        assertThat(json.kind(0)).isEqualTo((byte) '{');
    }

    @Test
    void partsOfPartsFollowTheirs() {
        JsonOutline json = outline("[[], [true, [null]], \"x\"]");

        assertThat(parts(json, 0)).containsExactly("[]", "[true, [null]]", "\"x\"");
        assertThat(parts(json, 1)).isEmpty();
        assertThat(parts(json, 2)).containsExactly("true", "[null]");
    }

    @Test
    void aStringIsWhatItSays() {
        JsonOutline json =
                outline("[\"caf\u00e9 au lait\", \"\\u00e9\\\\\", \"a long one, and in it \\\"quotes\\\"\"]");

        assertThat(json.string(1)).isEqualTo("caf\u00e9 au lait");
        assertThat(json.string(2)).isEqualTo("\u00e9\\");
        assertThat(json.string(3)).isEqualTo("a long one, and in it \"quotes\"");
        assertThat(json.isEscaped(1)).isFalse();
        assertThat(json.isEscaped(2)).isTrue();
        assertThat(json.isEscaped(3)).isTrue();
    }

    @Test
    void aTextLargerThanWhatIsKeptIsReadAsWell() {
        String item = "\"" + "x".repeat(1_000) + "\"";
        JsonOutline json = outline("[" + (item + ",").repeat(99) + item + "]");

        assertThat(parts(json, 0)).hasSize(100).containsOnly(item);
    }

    @Test
    void whatStoodInTheTextBeforeIsForgotten() {
        outline("{\"a\": [1, 2, 3, 4, 5, 6, 7, 8]}");

        assertThat(parts(outline("[9" + "]"), 0)).containsExactly("9");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[1",
                "{\"a\": \"b",
                "{\"a\": \"b\\",
                "]",
                "[]]",
                "[}",
                "{} {}",
                "[\u0001]",
                "{\"a\\\"}"
            })
    void whatIsNoWholeJsonIsRefused(String broken) {
        assertThatThrownBy(() -> outline(broken)).isInstanceOf(IllegalArgumentException.class);
    }
}
