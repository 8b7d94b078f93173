package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is let through of a backend's responses (RFC 9112 sections 4 to 7). */
final class ResponseDecoderTest {
    private final ResponseDecoder decoder = new ResponseDecoder(HttpLimits.DEFAULT);

    private ResponseHead read(String head) throws BadMessageException {
        return read(head, false);
    }

    private ResponseHead read(String head, boolean toHeadRequest) throws BadMessageException {
        decoder.begin(toHeadRequest);
        return Objects.requireNonNull(decoder.readHead(bytes(head)));
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.wrappedBuffer(MalformedRequestWireTest.bytes(text));
    }

    private String body(ByteBuf in) throws BadMessageException {
        StringBuilder text = new StringBuilder();
        for (ByteBuf part = decoder.body().next(in);
                part != null;
                part = decoder.body().next(in)) {
            text.append(part.toString(StandardCharsets.ISO_8859_1));
            part.release();
        }
        return text.toString();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 20 OK\\r\\n\\r\\n",
                "HTTP/1.1 2000 OK\\r\\n\\r\\n",
                "HTTP/1.1  200 OK\\r\\n\\r\\n",
                "HTTP/1.1 2x0 OK\\r\\n\\r\\n",
                "HTTP/1.1 099 OK\\r\\n\\r\\n",
                "HTTP/1.1 600 OK\\r\\n\\r\\n",
                "HTTP/1.1 200OK\\r\\n\\r\\n",
                "HTTP/1.x 200 OK\\r\\n\\r\\n",
                "HTTP/3.1 200 OK\\r\\n\\r\\n",
                "\\x15\\x03\\x01",
                "HTTPS",
                "HTTP/2.0 200 OK\\r\\n\\r\\n",
                "http/1.1 200 OK\\r\\n\\r\\n",
                "HTTP/1.1\\t200 OK\\r\\n\\r\\n",
                "HTTP/1.1 200 O\\x00K\\r\\n\\r\\n",
                "HTTP/1.1 200 O\\rK\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\n\\n",
                "ICY 200 OK\\r\\n\\r\\n",
                "\\r\\nHTTP/1.1 200 OK\\r\\n\\r\\n",
                "HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nX: 1\\r\\n folded\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nX\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\n: 1\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nX: a\\x00\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 1, 1\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\nContent-Length: 1\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nContent-Length: -1\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 99999999999999999999\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: gzip, chunked\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: identity\\r\\n\\r\\n",
                "HTTP/1.0 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n",
            })
    void brokenHeadIsRefused(String head) {
        decoder.begin(false);
        assertThatThrownBy(() -> decoder.readHead(bytes(head))).isInstanceOf(BadMessageException.class);
    }

    @Test
    void announcedBodyIsReadToItsEndAndNotBeyond() throws BadMessageException {
        ResponseHead head = read("HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n");
        ByteBuf in = bytes("hellogarbage");
        assertThat(head.contentLength()).isEqualTo(5);
        assertThat(body(in)).isEqualTo("hello");
        assertThat(decoder.body().ended()).isTrue();
        assertThat(in.readableBytes()).isEqualTo(7);
        assertThat(decoder.keepAlive()).isTrue();
    }

    @Test
    void chunkedBodyIsReadWithoutItsFraming() throws BadMessageException {
        ResponseHead head = read("HTTP/1.1 200 OK\\r\\nTransfer-Encoding: Chunked\\r\\n\\r\\n");
        assertThat(head.contentLength()).isEqualTo(ResponseHead.UNKNOWN);
        assertThat(body(bytes("5;x\\r\\nhello\\r\\n0\\r\\nTrailer: dropped\\r\\n\\r\\n")))
                .isEqualTo("hello");
        assertThat(decoder.body().ended()).isTrue();
    }

    @Test
    void bodyWithoutFramingEndsWithTheConnection() throws BadMessageException {
        read("HTTP/1.1 200 OK\\r\\n\\r\\n");
        assertThat(body(bytes("all that comes"))).isEqualTo("all that comes");
        assertThat(decoder.body().ended()).isFalse();
        assertThat(decoder.body().endsWithConnection()).isTrue();
        assertThat(decoder.keepAlive()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"204 No Content", "304 Not Modified"})
    void statusWithoutABodyHasNoneWhateverItsFieldsSay(String status) throws BadMessageException {
        read("HTTP/1.1 " + status + "\\r\\nContent-Length: 5\\r\\n\\r\\n");
        assertThat(decoder.body().ended()).isTrue();
        assertThat(decoder.keepAlive()).isTrue();
    }

    @Test
    void answerToHeadHasNoBodyButItsLength() throws BadMessageException {
        ResponseHead head = read("HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n", true);
        assertThat(decoder.body().ended()).isTrue();
        assertThat(head.contentLength()).isEqualTo(5);
    }

    @Test
    void interimResponsesAreSkipped() throws BadMessageException {
        ResponseHead head = read(
                "HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 103 Early Hints\\r\\nLink: x\\r\\n\\r\\nHTTP/1.1 201 Made\\r\\nY: 1\\r\\n\\r\\n");
        assertThat(head.status()).isEqualTo(201);
        assertThat(head.reason()).isEqualTo("Made");
        assertThat(head.headers().contains("Link")).isFalse();
    }

    @Test
    void endlessInterimResponsesAreRefused() {
        decoder.begin(false);
        ByteBuf in = bytes("HTTP/1.1 100 Continue\\r\\n\\r\\n".repeat(17));
        assertThatThrownBy(() -> decoder.readHead(in)).isInstanceOf(BadMessageException.class);
    }

    @Test
    void whiteSpaceBeforeTheColonIsRemoved() throws BadMessageException {
        assertThat(read("HTTP/1.1 200 OK\\r\\nX \\t: 1\\r\\n\\r\\n").headers().get("x"))
                .isEqualTo("1");
    }

    @Test
    void fieldsOfTheConnectionAreRemoved() throws BadMessageException {
        ResponseHead head =
                read("HTTP/1.1 200 OK\\r\\nConnection: close, X-Nominated, Content-Type\\r\\nX-Nominated: 1\\r\\n"
                        + "Content-Type: a/b\\r\\nKeep-Alive: x\\r\\nUpgrade: h2c\\r\\nProxy-Authenticate: x\\r\\nContent-Length: 0\\r\\n"
                        + "X-Kept: 1\\r\\n\\r\\n");
        assertThat(head.headers().toString()).isEqualTo("Headers[Content-Type, X-Kept]");
        assertThat(decoder.keepAlive()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.0 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n", "HTTP/1.1 200 OK\\r\\n\\r\\n"})
    void connectionThatWillNotLiveOnIsKnown(String head) throws BadMessageException {
        read(head);
        assertThat(decoder.keepAlive()).isFalse();
    }

    @Test
    void oldBackendMayKeepItsConnection() throws BadMessageException {
        read("HTTP/1.0 200 OK\\r\\nConnection: keep-alive\\r\\nContent-Length: 0\\r\\n\\r\\n");
        assertThat(decoder.keepAlive()).isTrue();
    }

    @Test
    void higherMinorVersionIsReadAsOurs() throws BadMessageException {
        read("HTTP/1.7 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n");
        assertThat(decoder.keepAlive()).isTrue();
    }

    @Test
    void reasonMayBeMissing() throws BadMessageException {
        assertThat(read("HTTP/1.1 200 \\r\\nContent-Length: 0\\r\\n\\r\\n").reason())
                .isEmpty();
        assertThat(read("HTTP/1.1 200\\r\\nContent-Length: 0\\r\\n\\r\\n").reason())
                .isEmpty();
    }

    @Test
    void headMayArriveByteByByte() throws BadMessageException {
        ByteBuf whole = bytes("HTTP/1.1 404 Not Found\\r\\nContent-Length: 2\\r\\n\\r\\nok");
        ByteBuf in = Unpooled.buffer();
        decoder.begin(false);
        ResponseHead head = null;
        while (head == null) {
            assertThat(whole.isReadable()).isTrue();
            in.writeByte(whole.readByte());
            head = decoder.readHead(in);
        }
        assertThat(decoder.started()).isTrue();
        assertThat(head.status()).isEqualTo(404);
        assertThat(whole.readableBytes()).isEqualTo(2);
    }
}
