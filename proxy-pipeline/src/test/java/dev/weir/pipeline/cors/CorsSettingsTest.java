package dev.weir.pipeline.cors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CorsSettingsTest {
    private static final List<String> ANY = List.of("*");

    private static CorsSettings origin(String origin) {
        return new CorsSettings(List.of(origin), ANY, ANY, Duration.ZERO, false, List.of());
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "null", "https://app.example.com", "http://localhost:5173", "http://[::1]:8080"})
    void originsAreTakenAsBrowsersSendThem(String origin) {
        assertThat(origin(origin).origins()).containsExactly(origin);
    }

    @Test
    void theCaseOfAnOriginDoesNotMatter() {
        assertThat(origin("HTTPS://App.Example.com").origins()).containsExactly("https://app.example.com");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "app.example.com", "https://app.example.com/", "https://*.example.com", "https://a, b"})
    void whatNoBrowserSendsIsRefused(String origin) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> origin(origin))
                .withMessageStartingWith("origins: " + origin + " (expected: ");
    }

    @Test
    void otherWrongSettingsAreNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CorsSettings(ANY, List.of("GET POST"), ANY, Duration.ZERO, false, List.of()))
                .withMessageStartingWith("methods: GET POST");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CorsSettings(ANY, ANY, List.of(""), Duration.ZERO, false, List.of()))
                .withMessageStartingWith("headers: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CorsSettings(ANY, ANY, ANY, Duration.ofSeconds(-1), false, List.of()))
                .withMessage("max_age: -1s (expected: >= 0s)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CorsSettings(ANY, ANY, ANY, Duration.ZERO, true, ANY))
                .withMessageStartingWith("expose: * (expected: names");
    }
}
