package dev.weir.backends;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.IncludeUsage;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonModelScanTest {
    @Test
    void modelAndStreamAreFound() throws Exception {
        String json = "{\"model\": \"llama3\", \"stream\": true, \"messages\": []}";

        assertThat(scan(json)).isEqualTo(new ModelRequest("llama3", span(json, "\"llama3\""), true, true, null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "null"})
    void onlyLiterallyTrueAsksForAStream(String value) throws Exception {
        assertThat(scan("{\"model\":\"m\",\"stream\":" + value + "}").stream()).isFalse();
    }

    @Test
    void fieldsOfNestedValuesCountForNothing() throws Exception {
        ModelRequest request = scan("{\"a\":{\"model\":1,\"stream\":true},\"b\":[{\"model\":2}],\"model\":\"m\"}");

        assertThat(request.model()).isEqualTo("m");
        assertThat(request.stream()).isFalse();
    }

    @Test
    void escapesInNameAndValueAreDecodedAndSpanned() throws Exception {
        String json = "{\"a\\\"\\u20ac\":\"\\\\\",\"m\\u006fdel\":\"a\\\"b\\\\\\u00e9\\/\",\"z\":1}";
        ModelRequest request = scan(json);

        assertThat(request.model()).isEqualTo("a\"b\\é/");
        assertThat(request.modelSpan()).isEqualTo(span(json, "\"a\\\"b\\\\\\u00e9\\/\""));
    }

    @Test
    void offsetsAreInBytesNotCharacters() throws Exception {
        String json = "{\"größe\":\"模型 🦙\",\"model\":\"模型🦙\"}";
        ModelRequest request = scan(json);

        assertThat(request.model()).isEqualTo("模型🦙");
        assertThat(request.modelSpan()).isEqualTo(span(json, "\"模型🦙\""));
    }

    @Test
    void maxCompletionTokensIsNotedByItsName() throws Exception {
        String json = "{\"model\":\"m\", \"max_completion_tokens\" : 5}";

        assertThat(scan(json).maxCompletionTokensName()).isEqualTo(span(json, "\"max_completion_tokens\""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"include_usage\" : true} | ON | true",
                "{\"a\":{\"include_usage\":true},\"include_usage\":false,\"b\":[]} | OFF | false",
                "{\"include_usage\":null} | OFF | null",
            })
    void includeUsageIsSpanned(String options, IncludeUsage expected, String value) throws Exception {
        String json = "{\"model\":\"m\",\"stream_options\":" + options + ",\"x\":1}";

        assertThat(scan(json).streamOptions())
                .isEqualTo(new ModelRequest.StreamOptions(expected, new Span(json.lastIndexOf(value), value.length())));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{ } | EMPTY | 31",
                "{\"b\":{\"c\":[]}} | UNSAID | 31",
                "null | NULL | 30",
                "7 | UNKNOWN | 30",
                "[{}] | UNKNOWN | 30",
                "{\"include_usage\":{}} | UNKNOWN | 47",
            })
    void whereIncludeUsageWouldStandIsNoted(String options, IncludeUsage expected, int start) throws Exception {
        ModelRequest request = scan("{\"model\":\"m\",\"stream_options\":" + options + ",\"x\":1}");

        assertThat(request.streamOptions())
                .isEqualTo(new ModelRequest.StreamOptions(
                        expected, new Span(start, expected == IncludeUsage.NULL ? 4 : 0)));
        assertThat(request.asksForUsage()).isFalse();
    }

    @Test
    void includeUsageGivenTwiceIsRefused() {
        assertThat(refused("{\"model\":\"m\",\"stream_options\":{\"include_usage\":true,\"include_usage\":false}}")
                        .getMessage())
                .isEqualTo("stream_options.include_usage: given twice");
    }

    @Test
    void aNumberAtTheEndOfAnUnfinishedBodyIsTooEarlyAnEnd() {
        assertThat(refused("{\"model\":\"m\",\"max_completion_tokens\":12").getMessage())
                .isEqualTo("request body: the JSON ends too early");
    }

    @Test
    void anEscapedNameIsSpannedWhole() throws Exception {
        String json = "{\"max_completion\\u005ftokens\":5,\"model\":\"m\"}";

        assertThat(scan(json).maxCompletionTokensName()).isEqualTo(span(json, "\"max_completion\\u005ftokens\""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"max_tokens\":1,\"model\":\"m\",\"max_completion_tokens\":2}",
                "{\"max_completion_tokens\":2,\"model\":\"m\",\"max_tokens\":null}",
                "{\"model\":\"m\",\"options\":{\"max_completion_tokens\":2}}"
            })
    void maxCompletionTokensDoesNotCountBesideMaxTokensOrDeeper(String json) throws Exception {
        assertThat(scan(json).maxCompletionTokensName()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"model\":null}", "{\"messages\":[{\"model\":\"m\"}]}"})
    void aModelIsRequired(String json) {
        GatewayException error = refused(json);

        assertThat(error.detail()).isEqualTo("you must provide a model parameter");
        assertThat(error.param()).isEqualTo("model");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "true", "[]", "{}", "[\"m\"]", "\"\"", "\"a\\nb\"", "\"\\u0000\"", "\"\\ud800\""})
    void aModelThatIsNoNameIsRefused(String value) {
        assertThat(refused("{\"model\":" + value + "}").param()).isEqualTo("model");
    }

    @Test
    void aModelMayHave256Characters() throws Exception {
        assertThat(scan("{\"model\":\"" + "\\u00e9".repeat(256) + "\"}").model())
                .isEqualTo("é".repeat(256));
    }

    @ParameterizedTest
    @ValueSource(ints = {257, 999, 1001, 5_000, 100_000})
    void aLongerModelIsRefused(int length) {
        GatewayException error = refused("{\"model\":\"" + "m".repeat(length) + "\"}");

        assertThat(error.detail()).isEqualTo("model: too long (expected: at most 256 characters)");
        assertThat(error.param()).isEqualTo("model");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "\"true\"", "[]", "{}"})
    void aStreamThatIsNoBooleanIsRefused(String value) {
        assertThat(refused("{\"model\":\"m\",\"stream\":" + value + "}").param())
                .isEqualTo("stream");
    }

    @ParameterizedTest
    @CsvSource({"model", "stream", "max_tokens", "max_completion_tokens"})
    void aKnownFieldGivenTwiceIsNamed(String name) {
        String value = name.equals("stream") ? "true" : "\"m\"";
        GatewayException error = refused("{\"" + name + "\":" + value + ",\"" + name + "\":" + value + "}");

        assertThat(error.detail()).isEqualTo(name + ": given twice");
        assertThat(error.param()).isEqualTo(name);
    }

    @Test
    void anUnknownFieldGivenTwiceIsLocatedNotNamed() {
        assertThat(refused("{\"model\":\"m\",\n\"secret\":1,\"\\u0073ecret\":2}")
                        .detail())
                .isEqualTo("request body: the same field twice at line 2, column 12");
    }

    @ParameterizedTest
    @CsvSource({"Model, model", "MODEL, model", "Stream, stream", "\u017ftream, stream"})
    void aKnownFieldInAnotherCaseIsRefusedBecauseSomeServersTakeIt(String name, String known) {
        assertThat(refused("{\"model\":\"m\",\"" + name + "\":false}").param()).isEqualTo(known);
    }

    @Test
    void aNameWithANulIsRefusedBecauseItEndsThereForSome() {
        assertThat(refused("{\"model\":\"m\",\"model\\u0000\":\"n\"}").detail())
                .isEqualTo("request body: a name with a NUL at line 1, column 14");
    }

    @Test
    void namesOfStreamOptionsAreCountedToo() {
        assertThat(refused("{\"model\":\"m\",\"stream_options\":{" + "\"\\n\":0,".repeat(100_001) + "\"a\":0}}")
                        .getMessage())
                .isEqualTo("request body: too many names (expected: at most 100000)");
    }

    @Test
    void aRepeatedFieldDeeperIsTheBackendsBusiness() throws Exception {
        assertThat(scan("{\"model\":\"m\",\"a\":{\"b\":1,\"b\":2}}").model()).isEqualTo("m");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"m\",}",
                "{\"model\":\"m\" \"a\":1}",
                "{'model':'m'}",
                "{model:\"m\"}",
                "{\"model\":\"m\"}}",
                "{\"model\":\"m\"},",
                "{\"model\":\"m\"} x",
                "{\"model\":\"m\"}{\"model\":\"n\"}",
                "{\"model\":\"m\"} 1",
                "{\"model\":\"m\",\"a\":[1,]}",
                "{\"model\":\"m\",\"a\":[,1]}",
                "{\"model\":\"m\",\"a\":01}",
                "{\"model\":\"m\",\"a\":+1}",
                "{\"model\":\"m\",\"a\":.5}",
                "{\"model\":\"m\",\"a\":1.}",
                "{\"model\":\"m\",\"a\":NaN}",
                "{\"model\":\"m\",\"a\":tru}",
                "{\"model\":\"m\",\"a\":TRUE}",
                "{\"model\":\"m\",\"a\":\"\\x\"}",
                "{\"model\":\"m\",\"a\":\"\\u12g4\"}",
                "{\"model\":\"m\",\"a\":\"\n\"}",
                "{\"model\":\"m\",\"a\":\"\u0000\"}",
                "{\"model\":\"m\",\"a\":[1}}",
                "{\"model\":\"m\",/* */\"a\":1}",
                "{\"model\":\"m\"}// x",
                "{\"model\":\"m\"}\u0000"
            })
    void whatIsNotStrictJsonIsRefusedWithItsPlace(String json) {
        assertThat(refused(json).detail())
                .matches(
                        "request body: malformed JSON at line \\d+, column \\d+|request body: the JSON ends too early");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "{\"", "{\"model", "{\"model\"", "{\"model\":\"m", "{\"model\":\"m\",\"a\":[{\"b\":1"})
    void aTruncatedDocumentIsRefused(String json) {
        assertThat(refused(json).detail()).isEqualTo("request body: the JSON ends too early");
    }

    @Test
    void everyTruncationIsRefused() {
        byte[] json =
                "{\"model\":\"é\",\"a\":[1.5e3,{\"b\":null}],\"max_completion_tokens\":\"\\u00e9\"}".getBytes(UTF_8);
        for (int length = 0; length < json.length; length++) {
            assertThat(refused(Arrays.copyOf(json, length)).detail()).startsWith("request body: ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "\"model\"", "1", "null", "true", " [{\"model\":\"m\"}]"})
    void onlyAnObjectIsExpected(String json) {
        assertThat(refused(json).detail()).isEqualTo("request body: not an object (expected: a JSON object)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\r\n\t"})
    void anEmptyBodyIsRefused(String json) {
        assertThat(refused(json).detail()).isEqualTo("request body: empty (expected: a JSON object)");
    }

    @Test
    void whiteSpaceAroundTheObjectIsAllowed() throws Exception {
        assertThat(scan("\r\n\t {\"model\":\"m\"} \r\n").modelSpan()).isEqualTo(new Span(13, 3));
    }

    @Test
    void theMessageHoldsNothingOfTheBody() {
        assertThat(refused("{\"model\":\"m\",\n  \"a\": s3cret}").detail())
                .isEqualTo("request body: malformed JSON at line 2, column 8");
    }

    @Test
    void aByteOrderMarkIsRefusedBecauseServersDisagreeAboutIt() {
        assertThat(refused("\uFEFF{\"model\":\"m\"}").detail()).contains("byte order mark");
    }

    @Test
    void otherEncodingsAreRefused() {
        for (Charset charset : new Charset[] {
            UTF_16LE, UTF_16BE, Charset.forName("UTF-16"), Charset.forName("UTF-32LE"), Charset.forName("UTF-32BE")
        }) {
            for (String json : new String[] {"{\"model\":\"m\"}", "\uFEFF{\"model\":\"m\"}", "{}"}) {
                assertThat(refused(json.getBytes(charset)).detail())
                        .isEqualTo("request body: not JSON in UTF-8 (expected: a JSON object)");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u00ff", "\u0080", "\u00c3(", "\u00e2\u0082", "\u00f0\u009f\u00a6("})
    void bytesThatAreNoUtf8AreRefused(String latin1) {
        assertThat(refused(("{\"model\":\"m\",\"a\":\"" + latin1 + "\"}").getBytes(ISO_8859_1))
                        .error())
                .isEqualTo(GatewayError.BAD_REQUEST);
        assertThat(refused(("{\"model\":\"" + latin1 + "\"}").getBytes(ISO_8859_1))
                        .error())
                .isEqualTo(GatewayError.BAD_REQUEST);
    }

    /** Found by the fuzzer: the parser takes such a name for one that it knows. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"mode\u00ffl\":\"m\"}",
                "{\"m\u00c1\u00afdel\":\"m\"}",
                "{\"model\":\"m\",\"stre\":{\"stre\u00ffam\":true}}",
                "{\"model\":\"m\",\"stre\u00ffam\":true}"
            })
    void aNameWithAnOctetThatIsNoUtf8IsNotTakenForAnother(String latin1) throws Exception {
        scan("{\"model\":\"m\",\"stream\":true}");

        assertThat(refused(latin1.getBytes(ISO_8859_1)).error()).isEqualTo(GatewayError.BAD_REQUEST);
    }

    @ParameterizedTest
    @ValueSource(strings = {"m\u00c1\u00afdel", "\u00e0\u0081\u00a1", "\u00ed\u00a0\u0080", "\u00f4\u0090\u0080\u0080"})
    void aModelInOverlongOrIllegalUtf8IsRefused(String latin1) {
        assertThat(refused(("{\"model\":\"" + latin1 + "\"}").getBytes(ISO_8859_1))
                        .detail())
                .matches("model: .*|request body: malformed JSON at .*");
    }

    @Test
    void nestingIsBounded() throws Exception {
        assertThat(scan(nested(199)).model()).isEqualTo("m");
        assertThat(refused(nested(200)).detail()).contains("nested deeper than 200 levels");
        assertThat(refused("{\"a\":" + "[".repeat(100_000)).detail()).contains("nested deeper than 200 levels");
    }

    @Test
    void numbersAreBounded() throws Exception {
        assertThat(scan("{\"model\":\"m\",\"a\":" + "1".repeat(999) + "}").model())
                .isEqualTo("m");
        assertThat(refused("{\"model\":\"m\",\"a\":" + "1".repeat(1_001) + "}").detail())
                .contains("too long");
    }

    @Test
    void namesAreBounded() throws Exception {
        assertThat(scan("{\"model\":\"m\",\"" + "n".repeat(9_999) + "\":1}").model())
                .isEqualTo("m");
        assertThat(refused("{\"model\":\"m\",\"a\":{\"" + "n".repeat(10_010) + "\":1}}")
                        .detail())
                .contains("too long");
    }

    @Test
    void topLevelFieldsAreBounded() throws Exception {
        assertThat(scan(fields(999)).model()).isEqualTo("m");
        assertThat(refused(fields(1_000)).detail())
                .isEqualTo("request body: too many fields (expected: at most 1000 at the top level)");
    }

    @Test
    void namesAndValuesAreCounted() {
        assertThat(refused("{\"a\":[" + "{\"b\":0},".repeat(100_001) + "0]}").detail())
                .isEqualTo("request body: too many names (expected: at most 100000)");
        assertThat(refused("{\"a\":[" + "0,".repeat(3_000_000) + "0]}").detail())
                .isEqualTo("request body: too many values (expected: at most 3000000)");
    }

    private static String nested(int levels) {
        return "{\"model\":\"m\",\"a\":" + "[".repeat(levels) + "]".repeat(levels) + "}";
    }

    private static String fields(int others) {
        return IntStream.range(0, others)
                .mapToObj(i -> "\"f" + i + "\":" + i + ",")
                .collect(Collectors.joining("", "{", "\"model\":\"m\"}"));
    }

    private static Span span(String json, String part) {
        int start = json.substring(0, json.indexOf(part)).getBytes(UTF_8).length;
        return new Span(start, part.getBytes(UTF_8).length);
    }

    private static ModelRequest scan(String json) throws GatewayException {
        ByteBuf body = Unpooled.wrappedBuffer(json.getBytes(UTF_8));
        try {
            return JsonModelScan.scan(body);
        } finally {
            body.release();
        }
    }

    private static GatewayException refused(String json) {
        return refused(json.getBytes(UTF_8));
    }

    private static GatewayException refused(byte[] json) {
        ByteBuf body = Unpooled.wrappedBuffer(json);
        GatewayException error = catchThrowableOfType(GatewayException.class, () -> JsonModelScan.scan(body));
        body.release();
        assertThat(error).isNotNull();
        assertThat(error.error()).isEqualTo(GatewayError.BAD_REQUEST);
        assertThat(error.getCause()).isNull();
        return error;
    }
}
