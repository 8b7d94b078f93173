package dev.weir.backends;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.ModelRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelRequestReaderTest {
    private static final String JSON = "{\"model\":\"m\"}";
    private static final String FORM =
            "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--b--\r\n";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "Application/JSON",
                "application/json; charset=utf-8",
                "application/json ;charset=utf-8",
                "application/vnd.api+json",
                ""
            })
    void jsonIsReadAsJson(String contentType) throws Exception {
        assertThat(read(new Headers().add("Content-Type", contentType), JSON).json())
                .isTrue();
    }

    @Test
    void aBodyWithoutContentTypeIsReadAsJson() throws Exception {
        assertThat(read(new Headers(), JSON).model()).isEqualTo("m");
    }

    @Test
    void aFormIsReadAsAForm() throws Exception {
        ModelRequest request = read(new Headers().add("content-type", "Multipart/Form-Data; boundary=b"), FORM);

        assertThat(request.json()).isFalse();
        assertThat(request.model()).isEqualTo("whisper-1");
    }

    @Test
    void whatCurlSendsUnlessToldOtherwiseIsRefusedWithTheRemedy() {
        assertThat(refused(new Headers().add("Content-Type", "application/x-www-form-urlencoded"))
                        .detail())
                .contains("expected: application/json or multipart/form-data")
                .contains("curl -d")
                .contains("-H 'Content-Type: application/json'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/xml",
                "json",
                "multipart/mixed; boundary=b",
                "application/jsonl",
                "+json"
            })
    void otherContentTypesAreRefused(String contentType) {
        assertThat(refused(new Headers().add("Content-Type", contentType)).detail())
                .isEqualTo("Content-Type: not supported (expected: application/json or multipart/form-data)");
    }

    @Test
    void twoContentTypesAreRefused() {
        refused(new Headers().add("Content-Type", "application/json").add("content-type", "application/json"));
    }

    @Test
    void anEncodedBodyIsRefused() {
        assertThat(refused(new Headers().add("Content-Encoding", "gzip")).detail())
                .isEqualTo("Content-Encoding: not supported (expected: none)");
    }

    @Test
    void theIdentityEncodingIsNone() throws Exception {
        assertThat(read(new Headers().add("Content-Encoding", "identity"), JSON).model())
                .isEqualTo("m");
    }

    private static ModelRequest read(Headers headers, String text) throws GatewayException {
        ByteBuf body = Unpooled.copiedBuffer(text, UTF_8);
        try {
            return ModelRequestReader.read(headers, body);
        } finally {
            body.release();
        }
    }

    private static GatewayException refused(Headers headers) {
        GatewayException error = catchThrowableOfType(GatewayException.class, () -> read(headers, JSON));
        assertThat(error).isNotNull();
        assertThat(error.error()).isEqualTo(GatewayError.UNSUPPORTED_MEDIA_TYPE);
        return error;
    }
}
