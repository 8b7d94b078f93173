package dev.weir.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.MiddlewareFactory;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

final class MiddlewareFactoriesTest {
    @Test
    @SuppressWarnings("rawtypes")
    void allAreFoundByTheServiceLoader() {
        List<String> names = ServiceLoader.load(MiddlewareFactory.class).stream()
                .map(provider -> provider.get().name())
                .toList();

        assertThat(names)
                .containsExactlyInAnyOrder(
                        "audit", "auth", "cache", "cors", "rate_limit", "security_headers", "transform", "usage");
    }
}
