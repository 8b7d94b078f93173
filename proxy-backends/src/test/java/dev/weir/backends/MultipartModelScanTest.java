package dev.weir.backends;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultipartModelScanTest {
    private static final String TYPE = "multipart/form-data; boundary=XX";
    private static final String FIELD = "Content-Disposition: form-data; name=";
    private static final String FILE =
            "--XX\r\n" + FIELD + "\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRI\r\nFF\r\n--X\r\n";
    private static final String END = "--XX--\r\n";

    @Test
    void theModelIsFoundBehindAFile() throws Exception {
        String form = FILE + part("model", "whisper-1") + END;

        assertThat(scan(form))
                .isEqualTo(new ModelRequest("whisper-1", new Span(form.indexOf("whisper-1"), 9), false, false, null));
    }

    @ParameterizedTest
    @CsvSource({"true, true", "True, true", "false, false", "False, false"})
    void theStreamFieldIsRead(String value, boolean stream) throws Exception {
        assertThat(scan(part("stream", value) + part("model", "m") + END).stream())
                .isEqualTo(stream);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "yes", "true ", "a long text that is no boolean"})
    void aStreamThatIsNoBooleanIsRefused(String value) {
        assertThat(refused(part("stream", value) + part("model", "m") + END).param())
                .isEqualTo("stream");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data; boundary=XX",
                "multipart/form-data;boundary=\"XX\"",
                "Multipart/Form-Data; charset=utf-8; Boundary=XX",
                "multipart/form-data; a=\"b;\\\"boundary=YY\" ; boundary=XX ;"
            })
    void theBoundaryMayBeQuotedAndComeAnywhere(String contentType) throws Exception {
        assertThat(scan(contentType, part("model", "m") + END).model()).isEqualTo("m");
    }

    @Test
    void aBoundaryMayHave70Characters() throws Exception {
        String boundary = "'()+_,-./:=?  x".repeat(5).substring(0, 70);
        String form = (part("model", "m") + END).replace("XX", boundary);

        assertThat(scan("multipart/form-data; boundary=\"" + boundary + "\"", form)
                        .model())
                .isEqualTo("m");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data",
                "multipart/form-data; boundary",
                "multipart/form-data; boundary=",
                "multipart/form-data; boundary=\"\"",
                "multipart/form-data; boundary=\"XX",
                "multipart/form-data; boundary=\"XX\"Y",
                "multipart/form-data; boundary=\"XX \"",
                "multipart/form-data; boundary=\"X\\X\"",
                "multipart/form-data; boundary=XX; boundary=YY",
                "multipart/form-data; boundary*=XX",
                "multipart/form-data; boundary*0=XX",
                "multipart/form-data; boundary=X X",
                "multipart/form-data; boundary=X{X}",
                "multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890"
            })
    void anIllegalBoundaryIsRefused(String contentType) {
        refused(contentType, part("model", "m") + END);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name=model",
                "name=\"model\"",
                "a=x; NAME=model; b=",
                "x=\"a;name=\\\"y\"; name=\"model\"",
                "name=\"model\";"
            })
    void theNameMayBeQuotedAndComeAnywhere(String parameters) throws Exception {
        assertThat(scan("--XX\r\ncontent-disposition:Form-Data; " + parameters + "\r\n\r\nm\r\n" + END)
                        .model())
                .isEqualTo("m");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name=\"mo\\del\"",
                "name*=UTF-8''model",
                "name*0=\"model\"",
                "name=\"x\"; name=\"model\"",
                "name=\"x\"; name*=utf-8''model",
                "name=\"model",
                "name=\"model\"x",
                "name",
                "=model",
                "name =x; name=model",
                "name=x; y; name=model",
                "y; name=model",
                "name= model",
                "\"name\"=model",
                "filename=\"model\""
            })
    void aNameThatServersReadInDifferentWaysIsRefused(String parameters) {
        refused("--XX\r\nContent-Disposition: form-data; " + parameters + "\r\n\r\nm\r\n" + part("model", "m") + END);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X: y\r\n",
                "Content-Disposition: attachment; name=\"x\"\r\n",
                FIELD + "\"x\"\r\n" + FIELD + "\"y\"\r\n",
                FIELD + "\"x\"\r\n folded\r\n",
                FIELD + "\"x\"\nX: y\r\n",
                FIELD + "\"x\"\r\nX : y\r\n",
                FIELD + "\"x\"\r\nno colon\r\n",
                FIELD + "\"x\"\r\n: no name\r\n",
                FIELD + "\"x\u0000\"\r\n",
                ""
            })
    void anIllegalHeadOfAPartIsRefused(String head) {
        refused("--XX\r\n" + head + "\r\nv\r\n" + part("model", "m") + END);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "; filename=\"x\"\r\n",
                "; filename=x\r\n",
                "; filename*=UTF-8''x\r\n",
                "\r\nContent-Transfer-Encoding: quoted-printable\r\n",
                "\r\nContent-Transfer-Encoding: base64\r\n"
            })
    void aModelThatIsAFileOrEncodedIsRefused(String rest) {
        assertThat(refused("--XX\r\n" + FIELD + "\"model\"" + rest + "\r\nm\r\n" + END)
                        .param())
                .isEqualTo("model");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7bit", "8BIT", "binary"})
    void anEncodingThatChangesNothingIsAllowed(String encoding) throws Exception {
        String head = FIELD + "\"model\"\r\nContent-Transfer-Encoding: " + encoding;

        assertThat(scan("--XX\r\n" + head + "\r\n\r\nm\r\n" + END).model()).isEqualTo("m");
    }

    @Test
    void aFilesNameMayBeEncoded() throws Exception {
        String file = "--XX\r\n" + FIELD + "\"file\"; filename*=UTF-8''%e2%82%ac.wav\r\n\r\nx\r\n";

        assertThat(scan(file + part("model", "m") + END).model()).isEqualTo("m");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\nb", "m\r\n", "\u00ff", "\u0000"})
    void aModelThatIsNoNameIsRefused(String value) {
        assertThat(refused(part("model", value) + END).param()).isEqualTo("model");
    }

    @Test
    void theModelIsBounded() throws Exception {
        assertThat(scan(part("model", utf8("é".repeat(256))) + END).model()).isEqualTo("é".repeat(256));
        for (int length : new int[] {257, 1_024, 1_025, 100_000}) {
            assertThat(refused(part("model", "m".repeat(length)) + END).detail())
                    .isEqualTo("model: too long (expected: at most 256 characters)");
        }
    }

    @Test
    void aModelIsRequiredOnce() {
        assertThat(refused(FILE + END).detail()).isEqualTo("you must provide a model parameter");
        assertThat(refused(part("model", "m") + FILE + part("model", "m") + END).detail())
                .isEqualTo("model: given twice");
        assertThat(refused(part("stream", "true") + part("stream", "true") + END)
                        .detail())
                .isEqualTo("stream: given twice");
    }

    @Test
    void everyTruncationIsRefused() {
        String form = FILE + part("model", "m") + "--XX--";
        for (int length = 0; length < form.length(); length++) {
            assertThat(refused(form.substring(0, length)).detail()).startsWith("request body: malformed multipart");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "preamble\r\n--XX\r\n" + FIELD + "\"model\"\r\n\r\nm\r\n--XX--",
                "\r\n--XX\r\n" + FIELD + "\"model\"\r\n\r\nm\r\n--XX--",
                "--XX \r\n" + FIELD + "\"model\"\r\n\r\nm\r\n--XX--",
                "--XX\n" + FIELD + "\"model\"\r\n\r\nm\r\n--XX--",
                "--XXY\r\n" + FIELD + "\"model\"\r\n\r\nm\r\n--XX--",
                "--XX\r\n" + FIELD + "\"model\"\r\n\r\nm\r\n--XXY\r\n\r\n--XX--",
                "--XX\r\n" + FIELD + "\"model\"\r\n\r\nm\n--XX--",
                "--XX\r\n" + FIELD + "\"model\"\r\n\r\n--XX--",
                "--XX\r\n" + FIELD + "\"model\"\r\n\r\nm\r\n--XX--epilogue",
                "--XX\r\n" + FIELD + "\"model\"\r\n\r\nm\r\n--XX--\r\n--XX\r\n" + FIELD
                        + "\"model\"\r\n\r\nn\r\n--XX--",
                "--XX--\r\n",
                "{\"model\":\"m\"}"
            })
    void aStructureThatServersReadInDifferentWaysIsRefused(String form) {
        refused(form);
    }

    @Test
    void theHeadOfAPartIsBounded() {
        assertThat(refused("--XX\r\n" + FIELD + "\"x\"\r\nX: " + "y".repeat(9_000) + "\r\n\r\n\r\n" + END)
                        .detail())
                .endsWith("the head of a part is too long");
    }

    @Test
    void thePartsAreBounded() throws Exception {
        assertThat(scan(part("x", "").repeat(999) + part("model", "m") + END).model())
                .isEqualTo("m");
        assertThat(refused(part("x", "").repeat(1_000) + part("model", "m") + END)
                        .detail())
                .endsWith("too many parts (expected: at most 1000)");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void filesOfAnyBytesAreSteppedOver(long seed) throws Exception {
        Random random = new Random(seed);
        String alphabet = "\r\n-X\u00e9\u0000a";
        for (int i = 0; i < 300; i++) {
            StringBuilder file = new StringBuilder("a");
            for (int n = random.nextInt(300); n > 0; n--) {
                file.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String content = file.toString().replace("\r\n--XX", "");
            String form = part("file", content) + part("model", "whisper") + part("other", content) + END;
            ByteBuf body = split(form, random);
            ModelRequest request = MultipartModelScan.scan(TYPE, body);

            assertThat(body.readerIndex()).isEqualTo(2);
            assertThat(body.toString(2 + request.modelSpan().start(), 7, UTF_8)).isEqualTo("whisper");
            ByteBuf result = new BodyEdits(body)
                    .replace(request.modelSpan(), "new".getBytes(UTF_8))
                    .composite(body.alloc());
            assertThat(result.toString(ISO_8859_1)).isEqualTo(form.replace("whisper", "new"));
            result.release();
            body.release();
        }
    }

    private static ByteBuf split(String latin1, Random random) {
        byte[] bytes = latin1.getBytes(ISO_8859_1);
        CompositeByteBuf body = Unpooled.compositeBuffer(10_000);
        body.addComponent(true, Unpooled.wrappedBuffer(new byte[2]));
        int from = 0;
        while (from < bytes.length) {
            int to = Math.min(bytes.length, from + 1 + random.nextInt(40));
            body.addComponent(true, Unpooled.copiedBuffer(bytes, from, to - from));
            from = to;
        }
        return body.readerIndex(2);
    }

    private static String part(String name, String value) {
        return "--XX\r\n" + FIELD + "\"" + name + "\"\r\n\r\n" + value + "\r\n";
    }

    /** The bytes of {@code text} in UTF-8, one character each. */
    private static String utf8(String text) {
        return new String(text.getBytes(UTF_8), ISO_8859_1);
    }

    private static ModelRequest scan(String form) throws GatewayException {
        return scan(TYPE, form);
    }

    private static ModelRequest scan(String contentType, String form) throws GatewayException {
        ByteBuf body = Unpooled.wrappedBuffer(form.getBytes(ISO_8859_1));
        try {
            return MultipartModelScan.scan(contentType, body);
        } finally {
            assertThat(ByteBufUtil.getBytes(body)).isEqualTo(form.getBytes(ISO_8859_1));
            body.release();
        }
    }

    private static GatewayException refused(String form) {
        return refused(TYPE, form);
    }

    private static GatewayException refused(String contentType, String form) {
        GatewayException error = catchThrowableOfType(GatewayException.class, () -> scan(contentType, form));
        assertThat(error).isNotNull();
        assertThat(error.error()).isEqualTo(GatewayError.BAD_REQUEST);
        return error;
    }
}
