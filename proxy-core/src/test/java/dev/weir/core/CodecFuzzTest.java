package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Mutations;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The parsers of requests and responses, fed with anything: they understand it or refuse it, nothing else, and how bytes are
 * cut into reads changes nothing about what they understand.
 */
class CodecFuzzTest {
    private static final List<String> WORDS = List.of(
            "\r\n",
            "\n",
            "\r",
            "\r\n\r\n",
            " ",
            "\t",
            "\0",
            ":",
            ",",
            ";",
            "\"",
            "0",
            "-1",
            "+5",
            "0x10",
            "ffffffffffffffff",
            "99999999999999999999",
            "Host: a",
            "Content-Length: 5",
            "Content-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "chunked",
            "identity",
            "HTTP/1.1",
            "HTTP/1.0",
            "HTTP/2.0",
            "http/1.1",
            "Connection: close\r\n",
            "Expect: 100-continue\r\n",
            ";a=\"b\"",
            ";" + "x".repeat(40),
            "é",
            "100",
            "101",
            "204",
            "304",
            "GET ",
            "HEAD ",
            "CONNECT ",
            "OPTIONS * ",
            "//",
            "/../",
            "%2e",
            "http://b/",
            "_",
            "\r\n folded",
            "5\r\nhello\r\n");

    private static final List<String> REQUESTS = List.of(
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a:4000\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=\"1\"\r\nabc\r\n0\r\nT: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nokGET /c HTTP/1.0\r\n\r\n",
            // Found: a bare CR behind an empty line waited when it came alone.
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\nAccept: */*\r\n\r\n",
            "GET http://b:80/x?y=z HTTP/1.1\r\nHost: b:80\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");

    private static final List<String> RESPONSES = List.of(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n6\r\ndata: \r\n0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.0 200 \r\nServer: x\r\n\r\nuntil the end",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n",
            "HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

    @Test
    void requestsAreUnderstoodOrRefusedHoweverTheyAreCut() {
        new Mutations(REQUESTS, WORDS).forEach(30_000, (input, random) -> {
            List<String> whole = requests(input, null);
            assertThat(requests(input, random)).isEqualTo(whole);
        });
    }

    @Test
    void responsesAreUnderstoodOrRefusedHoweverTheyAreCut() {
        new Mutations(RESPONSES, WORDS).forEach(30_000, (input, random) -> {
            List<String> whole = response(input, null);
            assertThat(response(input, random)).isEqualTo(whole);
        });
    }

    /** Hands a parser its input, in one piece or in many. */
    private static final class Reads {
        private final byte[] input;
        private final @Nullable Random cuts;
        private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
        private int given;

        Reads(byte[] input, @Nullable Random cuts) {
            this.input = input;
            this.cuts = cuts;
        }

        /** More bytes behind those that are left; false when there are none. */
        boolean more() {
            if (given == input.length) {
                return false;
            }
            int count = cuts == null ? input.length : Math.min(input.length - given, 1 + cuts.nextInt(7));
            byte[] left = new byte[buffer.readableBytes() + count];
            buffer.readBytes(left, 0, left.length - count);
            System.arraycopy(input, given, left, left.length - count, count);
            buffer = Unpooled.wrappedBuffer(left);
            given += count;
            return true;
        }
    }

    private static List<String> requests(byte[] input, @Nullable Random cuts) {
        List<String> seen = new ArrayList<>();
        RequestDecoder decoder = new RequestDecoder(HttpLimits.DEFAULT);
        Reads reads = new Reads(input, cuts);
        try {
            while (true) {
                RequestHead head = decoder.readHead(reads.buffer);
                if (head != null) {
                    seen.add(head.method() + " " + head.target() + " " + head.http10() + text(head.headers()));
                    seen.add(body(decoder.body(), reads));
                } else if (!reads.more()) {
                    return seen;
                }
            }
        } catch (BadMessageException e) {
            assertThat(e.status()).isBetween(400, 505);
            seen.add("refused " + e.status());
            return seen;
        }
    }

    private static List<String> response(byte[] input, @Nullable Random cuts) {
        List<String> seen = new ArrayList<>();
        ResponseDecoder decoder = new ResponseDecoder(HttpLimits.DEFAULT);
        decoder.begin(false);
        Reads reads = new Reads(input, cuts);
        try {
            ResponseHead head = decoder.readHead(reads.buffer);
            while (head == null && reads.more()) {
                head = decoder.readHead(reads.buffer);
            }
            if (head != null) {
                seen.add(head.status() + " " + head.reason() + text(head.headers()) + decoder.keepAlive());
                seen.add(body(decoder.body(), reads));
            }
        } catch (BadMessageException e) {
            seen.add("refused: " + e.detail());
        }
        return seen;
    }

    private static String text(Headers headers) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < headers.size(); i++) {
            text.append('\n').append(headers.name(i)).append(": ").append(headers.value(i));
        }
        return text.append('\n').toString();
    }

    /** The body's bytes, and whether it ended. A refusal in its middle is told behind what came before. */
    private static String body(BodyReader body, Reads reads) throws BadMessageException {
        StringBuilder text = new StringBuilder();
        while (!body.ended()) {
            ByteBuf part = body.next(reads.buffer);
            if (part != null) {
                text.append(part.toString(StandardCharsets.ISO_8859_1));
                part.release();
            } else if (!body.ended() && !reads.more()) {
                return text + " (not all)";
            }
        }
        return text.toString();
    }
}
