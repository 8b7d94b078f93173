package dev.weir.core;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weir.core.JsonTokenizer.Token;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTokenizerTest {
    @Test
    void tokensComeInTheirOrderWithTheirPlaces() throws Exception {
        assertThat(tokens(" {\"a\" : [1, -2.5e+3,true ,false,null,\"s\"], \"b\":{}} "))
                .containsExactly(
                        "OBJECT {",
                        "NAME \"a\"",
                        "ARRAY [",
                        "NUMBER 1",
                        "NUMBER -2.5e+3",
                        "TRUE true",
                        "FALSE false",
                        "NULL null",
                        "STRING \"s\"",
                        "ARRAY_END ]",
                        "NAME \"b\"",
                        "OBJECT {",
                        "OBJECT_END }",
                        "OBJECT_END }");
    }

    /** Strings are read eight octets at a time. */
    @ParameterizedTest
    @ValueSource(strings = {"\\\"", "\\\\", "\\u00e9", "é", "模", "🦙", "\\ud83e\\udd99"})
    void whatIsSpecialInAStringIsFoundWhereverItStands(String special) throws Exception {
        for (int before = 0; before < 20; before++) {
            for (int behind = 0; behind < 20; behind++) {
                String string = '"' + "x".repeat(before) + special + "y".repeat(behind) + '"';
                JsonTokenizer tokenizer = tokenizer('[' + string + ']');
                tokenizer.next();

                assertThat(tokenizer.next()).isEqualTo(Token.STRING);
                assertThat(tokenizer.end() - tokenizer.start()).isEqualTo(string.getBytes(UTF_8).length);
                assertThat(tokenizer.isPlain()).isFalse();
                assertThat(tokenizer.text()).startsWith("x".repeat(before)).endsWith("y".repeat(behind));
                assertThat(tokenizer.next()).isEqualTo(Token.ARRAY_END);
            }
        }
    }

    @Test
    void controlCharactersAreRefusedWhereverTheyStand() {
        for (int before = 0; before < 20; before++) {
            for (char control = 0; control < ' '; control++) {
                JsonFault fault = fault("[\"" + "x".repeat(before) + control + "yyyyyyyyyyyy\"]");

                assertThat(fault.kind()).isEqualTo(JsonFault.Kind.MALFORMED);
                assertThat(fault.place()).isEqualTo(2 + before);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "\\b, 8",
        "\\f, 12",
        "\\n, 10",
        "\\r, 13",
        "\\t, 9",
        "\\/, 47",
        "\\\\, 92",
        "\\\", 34",
        "\\u0041, 65",
        "\\uABcd, 43981"
    })
    void escapesAreDecoded(String escape, int character) throws Exception {
        JsonTokenizer tokenizer = tokenizer("\"a" + escape + "b\"");
        tokenizer.next();

        assertThat(tokenizer.text()).isEqualTo("a" + (char) character + "b");
        assertThat(tokenizer.is("a" + (char) character + "b")).isTrue();
        assertThat(tokenizer.is("ab")).isFalse();
    }

    /** RFC 3629, section 4: the first and the last of each row, and those beside them. */
    @ParameterizedTest
    @CsvSource({
        "c280, true",
        "dfbf, true",
        "c1bf, false",
        "c080, false",
        "e0a080, true",
        "e09fbf, false",
        "ed9fbf, true",
        "eda080, false",
        "ee8080, true",
        "efbfbf, true",
        "f0908080, true",
        "f08fbfbf, false",
        "f48fbfbf, true",
        "f4908080, false",
        "f5808080, false",
        "80, false",
        "bf, false",
        "ff, false",
        "c2, false",
        "e2829f, true",
        "e28241, false",
        "e24182, false",
        "f09f9941, false"
    })
    void stringsAreUtf8(String octets, boolean valid) {
        StringBuilder json = new StringBuilder("[\"");
        for (int i = 0; i < octets.length(); i += 2) {
            json.append((char) Integer.parseInt(octets.substring(i, i + 2), 16));
        }
        ByteBuffer bytes = ByteBuffer.wrap(json.append("\"]").toString().getBytes(ISO_8859_1));
        JsonFault fault = catchThrowableOfType(JsonFault.class, () -> drain(new JsonTokenizer(bytes)));

        assertThat(fault == null).isEqualTo(valid);
    }

    /** Parsers make different things of them, so two names could be one. */
    @Test
    void halfASurrogatePairIsRefusedInANameAndTakenInAValue() throws Exception {
        assertThat(tokens("[\"\\ud83e\",\"\\udd99\\ud83e\\udd99\"]")).hasSize(4);
        for (String half : new String[] {"\\ud83e", "\\udd99", "\\ud83e\\u0041", "\\ud83e\\ud83e\\udd99"}) {
            assertThat(fault("{\"" + half + "\":1}").kind()).isEqualTo(JsonFault.Kind.MALFORMED);
        }
        assertThat(tokens("{\"\\ud83e\\udd99\":1}")).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-0", "10", "1.5", "1e5", "1E-5", "-1.25e+10"})
    void numbersAreThoseOfTheGrammar(String number) throws Exception {
        assertThat(tokens("[" + number + "]")).contains("NUMBER " + number);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-", "+1", "01", "1.", ".1", "1e", "1e+", "--1", "0x1", "1f", "Infinity", "-a"})
    void otherNumbersAreRefused(String number) {
        assertThat(fault("[" + number + "]").kind()).isEqualTo(JsonFault.Kind.MALFORMED);
    }

    private static JsonTokenizer tokenizer(String json) {
        return new JsonTokenizer(ByteBuffer.wrap(json.getBytes(UTF_8)));
    }

    private static List<String> tokens(String json) throws JsonFault {
        List<String> tokens = new ArrayList<>();
        JsonTokenizer tokenizer = tokenizer(json);
        for (Token token = tokenizer.next(); token != Token.NONE; token = tokenizer.next()) {
            tokens.add(token + " " + json.substring(tokenizer.start(), tokenizer.end()));
        }
        return tokens;
    }

    private static void drain(JsonTokenizer tokenizer) throws JsonFault {
        while (tokenizer.next() != Token.NONE) {
            assertThat(tokenizer.end()).isGreaterThan(tokenizer.start());
        }
    }

    private static JsonFault fault(String json) {
        JsonFault fault = catchThrowableOfType(JsonFault.class, () -> drain(tokenizer(json)));
        assertThat(fault).as(json).isNotNull();
        return fault;
    }
}
