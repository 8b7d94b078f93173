package dev.weir.core;

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

class JsonCursorTest {
    private static ByteBuf bytes(String json) {
        ByteBuf buffer = Unpooled.copiedBuffer("skipped" + json, StandardCharsets.UTF_8);
        return buffer.skipBytes(7);
    }

    private static List<String> members(String json) {
        JsonCursor cursor = JsonCursor.of(bytes(json));
        List<String> members = new ArrayList<>();
        while (cursor.next()) {
            members.add(cursor.name() + "=" + cursor.valueText());
        }
        return members;
    }

    @Test
    void stepsThroughTheMembersOfAnObject() {
        assertThat(members(
                        "\n{ \"a\" : 1.5e3 ,\"b\":\"x\\\"},{\\\\\", \"c\":{\"d\":[\"]\",{}]},\"e\":[ ] , \"f\":null}"))
                .containsExactly("a=1.5e3", "b=\"x\\\"},{\\\\\"", "c={\"d\":[\"]\",{}]}", "e=[ ]", "f=null");
    }

    @Test
    void escapesInNamesAreResolved() {
        assertThat(members("{\"max\\u005ftokens\":1,\"q\\\"\\\\\\/\\b\\f\\n\\r\\t\":2}"))
                .containsExactly("max_tokens=1", "q\"\\/\b\f\n\r\t=2");
    }

    @Test
    void tellsNamesApartHoweverTheyAreWritten() {
        for (String name : List.of("user", "us\\u0065r")) {
            JsonCursor cursor = JsonCursor.of(bytes("{\"" + name + "\":1}"));
            assertThat(cursor.next()).isTrue();
            assertThat(List.of("user", "use", "users", "user\\", ""))
                    .filteredOn(cursor::isNamed)
                    .containsExactly("user");
        }
    }

    @Test
    void entersTheValueItIsAt() {
        JsonCursor cursor = JsonCursor.of(bytes("{\"list\": [ \"a\" ,2,[3]] }"));
        assertThat(cursor.next()).isTrue();
        JsonCursor list = cursor.enter();
        List<String> elements = new ArrayList<>();
        while (list.next()) {
            elements.add(list.valueText());
        }
        assertThat(elements).containsExactly("\"a\"", "2", "[3]");
        assertThat(cursor.next()).isFalse();
        assertThat(cursor.next()).isFalse();
    }

    @Test
    void entersAValueThatHasNoEnd() {
        JsonCursor cursor = JsonCursor.of(bytes("{\"a\":1,\"list\":[\"first\",\"sec"));
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.begin()).isTrue();
        assertThat(cursor.name()).isEqualTo("list");
        JsonCursor list = cursor.enter();
        assertThat(list.next()).isTrue();
        assertThat(list.string()).isEqualTo("first");
        assertThat(list.begin()).isTrue();
        assertThatThrownBy(list::pass).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(cursor::pass).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void stringsOfAnyLengthEndAtTheirQuote() {
        for (int length = 0; length < 40; length++) {
            for (int escape = 0; escape <= length; escape++) {
                String inside =
                        "x".repeat(escape) + "\\\"\u00a2\\x\"".substring(0, escape % 7) + "x".repeat(length - escape);
                String value = inside.replace("\\", "\\\\").replace("\"", "\\\"");

                assertThat(members("{\"a\":\"" + value + "\",\"b\":1}")).containsExactly("a=\"" + value + "\"", "b=1");
            }
        }
    }

    @Test
    void offsetsCountFromTheReaderIndex() {
        JsonCursor cursor = JsonCursor.of(bytes("{\"ab\": \"ü\"}"));
        assertThat(cursor.valueEnd()).isEqualTo(1);
        assertThat(cursor.next()).isTrue();
        assertThat(List.of(cursor.nameStart(), cursor.nameEnd(), cursor.valueStart(), cursor.valueEnd()))
                .containsExactly(1, 5, 7, 11);
        assertThat(cursor.kind()).isEqualTo((byte) '"');
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "{\"a", "{\"a\":", "{\"a\":[1", "{\"a\":\"x", "[1,", " ", "7"})
    void whatIsNoJsonIsRefusedAtTheLatestAtItsEnd(String text) {
        assertThatThrownBy(() -> members(text)).isInstanceOf(RuntimeException.class);
    }
}
