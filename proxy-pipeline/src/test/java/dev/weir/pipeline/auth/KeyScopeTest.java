package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class KeyScopeTest {
    @ParameterizedTest
    @EnumSource
    void everyScopeIsFoundByItsName(KeyScope scope) {
        assertThat(KeyScope.of(scope.text())).isEqualTo(scope);
    }

    @Test
    void bothSpellingsAreTakenAndOneIsWritten() {
        assertThat(KeyScope.of("read-only")).isEqualTo(KeyScope.READ_ONLY);
        assertThat(KeyScope.of("read_only")).isEqualTo(KeyScope.READ_ONLY);
        assertThat(KeyScope.split("client,read-only")).containsExactlyInAnyOrder(KeyScope.CLIENT, KeyScope.READ_ONLY);
        assertThat(KeyScope.join(Set.of(KeyScope.READ_ONLY, KeyScope.CLIENT))).isEqualTo("client,read_only");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-", "readonly", "read only", "READ_ONLY", "read--only", "clients"})
    void otherNamesAreRefusedWithThoseThatAreExpected(String name) {
        assertThatThrownBy(() -> KeyScope.of(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected: client, management, read_only");
    }
}
