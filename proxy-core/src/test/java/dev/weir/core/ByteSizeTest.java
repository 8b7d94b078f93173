package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "4096, 4096",
        "7B, 7",
        "32KiB, 32768",
        "32kib, 32768",
        "1 MiB, 1048576",
        "1GiB, 1073741824",
        "2KB, 2000",
        "100MB, 100000000",
        "3GB, 3000000000",
        "1.5KiB, 1536"
    })
    void numbersWithAndWithoutUnitAreRead(String text, long bytes) {
        assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "12 parsecs", "1TB", "KiB", "1.1B", "9999999999999GiB", "1e3", "0x10"})
    void otherTextIsRefusedWithWhatWasExpected(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expected a size such as 4096, 32KiB, 100MB or 1GiB");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "999", "1KB", "1KiB", "32MiB", "100MB", "1GiB", "3GB"})
    void theTextOfASizeReadsBack(String text) {
        assertThat(ByteSize.parse(text)).hasToString(text);
    }

    @Test
    void aNegativeSizeIsRefused() {
        assertThatThrownBy(() -> new ByteSize(-1)).hasMessage("bytes: -1 (expected: >= 0)");
    }
}
