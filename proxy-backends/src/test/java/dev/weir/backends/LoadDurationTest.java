package dev.weir.backends;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read from the end of an Ollama's answer. */
class LoadDurationTest {
    private static final String LAST = "{\"model\":\"m\",\"created_at\":\"2026-11-21T00:00:00Z\",\"message\":"
            + "{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"total_duration\":5,"
            + "\"load_duration\":2000000001,\"prompt_eval_count\":26,\"eval_duration\":3}\n";

    private static long read(String... parts) {
        LoadDuration duration = new LoadDuration();
        for (String part : parts) {
            ByteBuf bytes = Unpooled.copiedBuffer(part, UTF_8);
            int before = bytes.readerIndex();
            duration.add(bytes);
            assertThat(bytes.readerIndex()).isEqualTo(before);
            assertThat(bytes.refCnt()).isEqualTo(1);
            bytes.release();
        }
        return duration.nanos();
    }

    @Test
    void itIsReadBehindWhateverCameBefore() {
        assertThat(read("{\"response\":\"x\"}\n".repeat(1_000) + LAST)).isEqualTo(2_000_000_001L);
    }

    @Test
    void itIsReadHoweverTheAnswerIsCut() {
        String answer = "{\"response\":\"text\"}\n".repeat(50) + LAST;
        Random random = new Random(7);
        for (int i = 0; i < 500; i++) {
            int first = random.nextInt(answer.length());
            int second = first + random.nextInt(answer.length() - first);
            assertThat(read(answer.substring(0, first), answer.substring(first, second), answer.substring(second)))
                    .isEqualTo(2_000_000_001L);
        }
    }

    @Test
    void itIsReadByteByByte() {
        assertThat(read(LAST.split("", -1))).isEqualTo(2_000_000_001L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"load_duration\": 17}|17",
                "{\"load_duration\":17,\"load_duration\":18}|18",
                "{\"load_duration\":}|0",
                "{\"load_duration\":-5}|0",
                "{\"load_duration\":\"5\"}|0",
                "{\"load_duration\":1234567890123456789}|0",
                "{\"response\":\"\\\"load_duration\\\":5\"}|0",
                "{\"load_duration\"|0",
                "{}|0"
            })
    void whatIsNoDurationSaysNothing(String answer, long nanos) {
        assertThat(read(answer)).isEqualTo(nanos);
    }

    @Test
    void nothingAtAllSaysNothing() {
        assertThat(read()).isZero();
        assertThat(read("")).isZero();
    }
}
