package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RedactionTest {
    private static final int ROUNDS = 20_000;
    private static final String MARK = "SeCrEt";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final List<String> NAMES = List.of("api_key", "authorization");

    private final Redaction redaction = new Redaction(NAMES);
    private final SecretSigns signs = new SecretSigns(new SecretNames(NAMES));

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {"api_key":"x","a":1}                                   | {"api_key":"[redacted]","a":1}
                    {"a":{"b":[{"apiKey" : "x\\"y"}]}}                      | {"a":{"b":[{"apiKey" : "[redacted]"}]}}
                    {"API-Key":{"deep":["x",{"y":"}"}]},"a":1}              | {"API-Key":"[redacted]","a":1}
                    {"api_key":12,"b":true}                                 | {"api_key":"[redacted]","b":true}
                    {"api\\u005fkey":null}                                  | {"api\\u005fkey":"[redacted]"}
                    {"a":"api_key","b":"kept"}                              | {"a":"api_key","b":"kept"}
                    {"my_api_keys":"kept"}                                  | {"my_api_keys":"kept"}
                    data: {"api_key":"x"}                                   | data: {"api_key":"[redacted]"}
                    {"c":"Authorization: Basic abc def\\nnext"}             | {"c":"Authorization: [redacted]\\nnext"}
                    {"c":"curl -H 'Authorization: Bearer abc' x"}           | {"c":"curl -H 'Authorization: [redacted]' x"}
                    {"c":"{\\"api_key\\": \\"x\\", \\"b\\": 1}"}            | {"c":"{\\"api_key\\": \\"[redacted]\\", \\"b\\": 1}"}
                    {"c":"https://h/?api_key=x&b=1"}                        | {"c":"https://h/?api_key=[redacted]&b=1"}
                    {"c":"my key is sk-0123456789abcdefghij."}              | {"c":"my key is [redacted]."}
                    {"c":"Bearer 0123456789abcdef-._~+\\/x"}                | {"c":"Bearer [redacted]"}
                    {"c":"a bearer of news, sk-ii"}                         | {"c":"a bearer of news, sk-ii"}
                    """)
    void secretsGoAndTheRestStays(String text, String expected) {
        assertThat(redaction.redact(text, false)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {"api_key":"x                 | {"api_key":"[redacted]"
                    {"api_key":{"a":"x"           | {"api_key":"[redacted]"
                    {"api_key":                   | {"api_key":
                    {"c":"my key is sk-012        | {"c":"my key is [redacted]
                    {"c":"Bearer 012              | {"c":"Bearer [redacted]
                    {"c":"authorization: x        | {"c":"authorization: [redacted]
                    """)
    void textsMayEndInTheMiddle(String text, String expected) {
        assertThat(redaction.redact(text, true)).isEqualTo(expected);
    }

    @Test
    void eventsOfAStreamAreReadLineByLine() {
        String stream = ": it's 5\" long\ndata: {\"api_key\":\"x\"}\n\ndata: {\"a\":\"b\"}\n\n";

        assertThat(redaction.redact(stream, false)).isEqualTo(stream.replace("\"x\"", "\"[redacted]\""));
    }

    @Test
    void noSecretIsLeftOfRandomJsonWhereverItEnds() throws Exception {
        Random random = new Random(7);
        for (int i = 0; i < ROUNDS; i++) {
            StringBuilder json = new StringBuilder();
            value(json, random, 0, false);
            String whole = json.toString();
            assertThat(JSON.readTree(redaction.redact(whole, false))).as(whole).isNotNull();
            int end = random.nextInt(whole.length() + 1);
            String cut = whole.substring(0, end);

            assertThat(redaction.redact(whole, false)).as(whole).doesNotContain(MARK);
            assertThat(redaction.redact(cut, true)).as(cut).doesNotContain(MARK);
        }
    }

    @Test
    void whatHoldsNoSecretStaysAsItIs() {
        Random random = new Random(11);
        Redaction nothing = new Redaction(List.of("never_used"));
        for (int i = 0; i < ROUNDS; i++) {
            StringBuilder json = new StringBuilder();
            value(json, random, 0, false);
            String whole = json.toString();

            assertThat(nothing.redact(whole, false)).isEqualTo(whole);
        }
    }

    @Test
    void aTextIsPassedOverAtAGlanceOnlyIfReadingItWouldChangeNothing() {
        List<String> pieces = List.of(
                "api_key",
                "apiKey",
                "API-KEY",
                "authorization",
                "api",
                "key",
                "_",
                "-",
                "sk-",
                "0123456789abcdefghij",
                "Bearer",
                "bEaReR",
                " ",
                "  ",
                "\t",
                "\n",
                "\r",
                "\u001c",
                "\f",
                "\"",
                "'",
                "\\",
                "\\n",
                "\\u0061",
                "\\u005f",
                "\\\"",
                ":",
                "=",
                ",",
                "{",
                "}",
                "[",
                "]",
                "x",
                "ab",
                "\u2003",
                "\u212a",
                "é",
                ".",
                "/",
                "&");
        Random random = new Random(13);
        int passedOver = 0;
        for (int i = 0; i < 10 * ROUNDS; i++) {
            StringBuilder some = new StringBuilder();
            for (int left = 1 + random.nextInt(12); left > 0; left--) {
                some.append(pieces.get(random.nextInt(pieces.size())));
            }
            String text = some.toString();
            boolean cut = random.nextBoolean();
            if (!signs.mayBeIn(text.getBytes(StandardCharsets.UTF_8))) {
                passedOver++;
                assertThat(redaction.redact(text, cut)).as(text).isEqualTo(text);
            }
        }
        assertThat(passedOver).isGreaterThan(ROUNDS);
    }

    @Test
    void anUsualChatIsPassedOverAtAGlance() {
        assertThat(signs.mayBeIn("""
                {"model":"m","messages":[{"role":"user","content":"Why is the sky blue: because, or not? a = b"}],
                 "temperature":0.7,"max_tokens":200,"user":"u-42","metadata":{"conversation_id":"c"}}""".getBytes(StandardCharsets.UTF_8))).isFalse();
    }

    @Test
    void aBodyIsKeptAsItCame() {
        byte[] body = "nothing to hide, at some length".getBytes(StandardCharsets.UTF_8);

        assertThat(redaction.redact(body, true).utf8()).isSameAs(body);
    }

    @Test
    void whatIsNoTextForADatabaseIsReplaced() {
        byte[] body = "caf\u00e9 and \0, a longer word and \u00ff, my api_key: x".getBytes(StandardCharsets.ISO_8859_1);

        assertThat(redaction.redact(body, false).text())
                .isEqualTo("caf\ufffd and \ufffd, a longer word and \ufffd, my api_key: [redacted]");
    }

    @Test
    void aLetterBeyondAsciiStaysAndHidesNoSecret() {
        byte[] body = "{\"schl\u00fcssel\":\"x\",\"api_key\":\"x\"}".getBytes(StandardCharsets.UTF_8);

        assertThat(redaction.redact(body, false).text())
                .isEqualTo("{\"schl\u00fcssel\":\"x\",\"api_key\":\"[redacted]\"}");
    }

    /** Appends a random value; every scalar under a secret name, and no other, holds the mark. */
    private static void value(StringBuilder json, Random random, int depth, boolean secret) {
        switch (depth > 4 ? random.nextInt(2) : random.nextInt(4)) {
            case 0 -> string(json, random, secret);
            case 1 -> json.append(secret ? "\"" + MARK + "\"" : "-1.5e3");
            case 2 -> {
                json.append('[');
                for (int i = random.nextInt(4); i > 0; i--) {
                    value(json, random, depth + 1, secret);
                    json.append(i > 1 ? "," : "");
                }
                json.append(']');
            }
            default -> {
                json.append('{');
                for (int i = random.nextInt(5); i > 0; i--) {
                    boolean now = secret || random.nextInt(3) == 0;
                    json.append(now ? secretName(random) : "\"name" + i + "\"")
                            .append(space(random))
                            .append(':')
                            .append(space(random));
                    value(json, random, depth + 1, now);
                    json.append(i > 1 ? "," : "").append(space(random));
                }
                json.append('}');
            }
        }
    }

    private static String secretName(Random random) {
        return List.of("\"api_key\"", "\"apiKey\"", "\"API-KEY\"", "\"Authorization\"", "\"api\\u005Fkey\"")
                .get(random.nextInt(5));
    }

    private static String space(Random random) {
        return List.of("", "", " ", "\n  ", "\t").get(random.nextInt(5));
    }

    private static void string(StringBuilder json, Random random, boolean secret) {
        json.append('"').append(secret ? MARK : "");
        for (int i = random.nextInt(6); i > 0; i--) {
            json.append(List.of("a", "\\\"", "\\\\", "{", "}", "[", "]", ":", ",", "\\n", "é", "\\u0022", " ")
                    .get(random.nextInt(13)));
        }
        json.append(secret ? MARK : "").append('"');
    }
}
