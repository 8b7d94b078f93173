package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weir.pipeline.auth.AuthSettings.Anonymous;
import dev.weir.pipeline.auth.AuthSettings.Keys;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AuthSettingsTest {
    private static final Keys KEYS = new Keys(Duration.ofSeconds(1), Duration.ZERO);

    @Test
    void anEmptyManagementKeyIsNone() {
        assertThat(new AuthSettings("sk-master", "", "sk-weir-", KEYS, null).managementKey())
                .isNull();
    }

    @Test
    void keysThatNoHeaderCanCarryAreRefusedWithoutBeingShown() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AuthSettings("", null, "sk-weir-", KEYS, null))
                .withMessage("master_key: is empty");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AuthSettings("sk-master", "two words", "sk-weir-", KEYS, null))
                .withMessageStartingWith("management_key: holds white space")
                .withMessageNotContaining("two words");
    }

    @Test
    void keysAreNotInItsText() {
        assertThat(new AuthSettings("sk-master", "sk-management", "sk-weir-", KEYS, null))
                .asString()
                .doesNotContain("sk-master", "sk-management");
    }

    @Test
    void wrongSettingsOfAnonymousClientsAreNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Anonymous(List.of("v1/*"), List.of(), 1))
                .withMessageStartingWith("routes: v1/* (expected: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Anonymous(List.of("/v1/*"), List.of("10.0.0.0/33"), 1))
                .withMessageStartingWith("from: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Anonymous(List.of("/v1/*"), List.of(), 0))
                .withMessage("requests_per_minute: 0 (expected: >= 1)");
    }

    @Test
    void wrongDurationsAreNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Keys(Duration.ZERO, Duration.ZERO))
                .withMessage("poll: 0ms (expected: > 0s)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Keys(Duration.ofSeconds(1), Duration.ofMillis(-1)))
                .withMessage("max_stale: -1ms (expected: >= 0s)");
    }
}
