package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;

/** What a client was sent, and whether it makes sense: answers in order, each with nothing but its own bytes. */
final class RandomAnswers {
    private final StringBuilder text = new StringBuilder();

    /** Takes what has been written. */
    void read(EmbeddedChannel channel) {
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            text.append(part.toString(StandardCharsets.ISO_8859_1));
            part.release();
        }
    }

    /** Bodies are made of one letter in upper case for each exchange, and nothing else in an answer looks like four of them. */
    void check() {
        int last = -1;
        for (int at = 0; at + 4 <= text.length(); at++) {
            char letter = text.charAt(at);
            if (letter < 'A' || letter > 'Z' || !isRun(at)) {
                continue;
            }
            assertThat(letter - 'A').as("answers in order, in:\n" + text).isGreaterThanOrEqualTo(last);
            last = letter - 'A';
            at += 3;
        }
        int first = text.indexOf("HTTP/1.1 ");
        assertThat(first).as("where the first answer begins, in:\n" + text).isIn(-1, 0);
    }

    private boolean isRun(int at) {
        for (int i = 1; i < 4; i++) {
            if (text.charAt(at + i) != text.charAt(at)) {
                return false;
            }
        }
        return true;
    }
}
