package dev.weir.pipeline.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What comes back from a store is what went in, or nothing. */
final class AnswerCodecTest {
    private static final CachedAnswer ANSWER = new CachedAnswer(
            AnswerKind.RESPONSES,
            "{\"é\": 1}".getBytes(StandardCharsets.UTF_8),
            "application/json; charset=utf-8",
            "team/chat",
            1_795_237_899_000L,
            1_795_239_699_000L);

    @Test
    void whatWentInComesBack() {
        CachedAnswer back = AnswerCodec.decode(AnswerCodec.encode(ANSWER));

        assertThat(back).isNotNull().usingRecursiveComparison().isEqualTo(ANSWER);
    }

    @Test
    void everyDamagedByteMakesItNothing() {
        byte[] whole = AnswerCodec.encode(ANSWER);
        for (int i = 0; i < whole.length; i++) {
            byte[] damaged = whole.clone();
            damaged[i] ^= 0x10;
            assertThat(AnswerCodec.decode(damaged)).as("byte %s", i).isNull();
            assertThat(AnswerCodec.decode(Arrays.copyOf(whole, i))).isNull();
        }
    }

    @Test
    void whatOthersWroteIsNothing() {
        Random random = new Random(7);
        for (int i = 0; i < 1_000; i++) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            assertThat(AnswerCodec.decode(noise)).isNull();
        }
    }
}
