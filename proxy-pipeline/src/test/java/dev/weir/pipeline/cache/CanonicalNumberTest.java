package dev.weir.pipeline.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CanonicalNumberTest {
    private static String canonical(String number) {
        byte[] json = ("[" + number + "]").getBytes(StandardCharsets.US_ASCII);
        return CanonicalNumber.of(json, 1, json.length - 1);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-0, 0",
        "0.00e5, 0",
        "12, 12",
        "-12, -12",
        "100, 1E2",
        "1e2, 1E2",
        "0.010, 1E-2",
        "-1.20E+3, -12E2",
        "10e-1, 1",
        "1e000000000000000000000000000000007, 1E7"
    })
    void aNumberHasOneText(String number, String canonical) {
        assertThat(canonical(number)).isEqualTo(canonical);
    }

    @Test
    void anExponentThatNobodyCanReckonWithIsRefused() {
        assertThatThrownBy(() -> canonical("1e99999999999999999999")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> canonical("10e9223372036854775807")).isInstanceOf(ArithmeticException.class);
    }

    /** Two are the same exactly if {@link BigDecimal} says so. */
    @Test
    void randomNumbersAreToldApartByTheirValue() {
        Random random = new Random(7);
        Map<String, BigDecimal> seen = new HashMap<>();
        Map<BigDecimal, String> texts = new HashMap<>();
        for (int i = 0; i < 100_000; i++) {
            String number = (random.nextBoolean() ? "-" : "")
                    + random.nextInt(120)
                    + (random.nextBoolean() ? "" : "." + random.nextInt(20) + "0".repeat(random.nextInt(3)))
                    + (random.nextBoolean() ? "" : "e" + (random.nextInt(7) - 3));
            BigDecimal value = new BigDecimal(number).stripTrailingZeros();
            String text = canonical(number);
            assertThat(seen.merge(text, value, (one, other) -> one)).as(number).isEqualByComparingTo(value);
            assertThat(texts.merge(value, text, (one, other) -> one)).as(number).isEqualTo(text);
        }
    }
}
