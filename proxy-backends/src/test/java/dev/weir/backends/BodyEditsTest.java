package dev.weir.backends;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyEditsTest {
    /** Its reader index is not 0, to tell offsets from indices. */
    private final ByteBuf body =
            Unpooled.directBuffer().writeBytes("###0123456789".getBytes(UTF_8)).skipBytes(3);

    @AfterEach
    void theBodyIsAsItWas() {
        assertThat(body.refCnt()).isEqualTo(1);
        assertThat(body.toString(UTF_8)).isEqualTo("0123456789");
        body.release();
    }

    @Test
    void withoutEditsTheBodyIsTheResult() {
        assertResult(new BodyEdits(body), "0123456789");
    }

    @Test
    void spansAreReplacedByShorterAndLongerBytes() {
        assertResult(
                new BodyEdits(body).replace(new Span(1, 3), bytes("x")).replace(new Span(6, 1), bytes("long")),
                "0x45long789");
    }

    @Test
    void spansMayTouchEachOtherAndTheEnds() {
        assertResult(new BodyEdits(body).replace(new Span(0, 5), bytes("a")).replace(new Span(5, 5), bytes("b")), "ab");
    }

    @Test
    void anEmptySpanInserts() {
        assertResult(
                new BodyEdits(body).replace(new Span(0, 0), bytes("<")).replace(new Span(10, 0), bytes(">")),
                "<0123456789>");
    }

    @Test
    void everythingMayGo() {
        assertResult(new BodyEdits(body).replace(new Span(0, 10), bytes("")), "");
    }

    @Test
    void editsMayComeInAnyOrder() {
        assertResult(
                new BodyEdits(body)
                        .replace(new Span(8, 1), bytes("c"))
                        .replace(new Span(4, 2), bytes("b"))
                        .replace(new Span(6, 0), bytes("<"))
                        .replace(new Span(4, 0), bytes("{"))
                        .replace(new Span(6, 0), bytes(">"))
                        .replace(new Span(0, 1), bytes("a")),
                "a123{b<>67c9");
    }

    @Test
    void aSpanOverOneThatWasReplacedIsRefused() {
        BodyEdits edits = new BodyEdits(body).replace(new Span(4, 2), bytes("x"));

        assertThatThrownBy(() -> edits.replace(new Span(5, 1), bytes("y")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("span: 5+1 (expected: within 6 to 10)");
        assertThatThrownBy(() -> edits.replace(new Span(3, 2), bytes("y")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSpanBehindTheBodyIsRefused() {
        BodyEdits edits = new BodyEdits(body);

        assertThatThrownBy(() -> edits.replace(new Span(9, 2), bytes("y")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> edits.replace(new Span(Integer.MAX_VALUE, 1), bytes("y")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theCompositeSharesTheBytesOfTheBody() {
        ByteBuf composite =
                new BodyEdits(body).replace(new Span(0, 1), bytes("x")).composite(UnpooledByteBufAllocator.DEFAULT);
        body.setByte(body.readerIndex() + 1, '!');

        assertThat(composite.toString(UTF_8)).isEqualTo("x!23456789");
        body.setByte(body.readerIndex() + 1, '1');
        composite.release();
    }

    @Test
    void theCompositeOutlivesTheBodysOtherOwners() {
        body.retain();
        ByteBuf composite =
                new BodyEdits(body).replace(new Span(2, 2), bytes("x")).composite(UnpooledByteBufAllocator.DEFAULT);
        body.release();

        assertThat(composite.toString(UTF_8)).isEqualTo("01x456789");
        composite.release();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "llama3.2:1b", "a\"b\\c", "tab\tnull\u0000", "großes Modell 模型 🦙", "</script>"})
    void textBecomesAJsonStringThatReadsBack(String text) throws Exception {
        byte[] json = BodyEdits.jsonString(text);

        assertThat(new ObjectMapper().readValue(json, String.class)).isEqualTo(text);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static void assertResult(BodyEdits edits, String expected) {
        ByteBuf copy = Unpooled.buffer();
        edits.writeTo(copy);
        ByteBuf composite = edits.composite(UnpooledByteBufAllocator.DEFAULT);
        assertThat(copy.toString(UTF_8)).isEqualTo(expected);
        assertThat(composite.toString(UTF_8)).isEqualTo(expected);
        assertThat(edits.length()).isEqualTo(expected.length());
        copy.release();
        composite.release();
    }
}
