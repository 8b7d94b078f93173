package dev.weir.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.config.ConfigLoader;
import dev.weir.server.config.LoadResult;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ConfigurationTest {
    private static final WeirConf PLAIN = WeirConf.of(Path.of("/tmp/weir-bench"), 21_000, 21_001);

    private static LoadResult load(WeirConf conf) {
        return ConfigLoader.parse(conf.yaml(), "weir.yaml", Map.of());
    }

    @ParameterizedTest
    @EnumSource
    void weirTakesTheConfigurationOfEachChain(WeirConf.Chain chain) {
        assertThat(load(PLAIN.with(chain))).isInstanceOf(LoadResult.Loaded.class);
    }

    @Test
    void weirTakesTheConfigurationOfManyBackendsAndModels() {
        assertThat(load(PLAIN.withBackends(List.of("http://127.0.1.1:1", "http://127.0.1.2:1"))
                        .withModels(10_000)))
                .isInstanceOf(LoadResult.Loaded.class);
    }

    @Test
    void weirTakesTheConfigurationWithRedis() {
        assertThat(load(PLAIN.withRedis("redis://127.0.0.1:6379"))).isInstanceOf(LoadResult.Loaded.class);
    }

    @Test
    void theAuditIsOutOfTheChainUnlessItIsMeasured() {
        assertThat(List.of(
                        PLAIN.yaml().contains("audit, usage"),
                        PLAIN.with(WeirConf.Chain.EVERYTHING).yaml().contains("audit, usage")))
                .containsExactly(false, true);
    }

    @Test
    void theFlagsOfTheJvmAreThoseOfTheInstalledService() {
        assertThat(JvmFlags.ofFile("""
                        # Options of the JVM.
                        -Xmx300m

                        -XX:+UseSerialGC
                        -XX:ErrorFile=/var/log/weir/hs_err_%p.log
                        """)).containsExactly("-Xmx300m", "-XX:+UseSerialGC");
    }

    @Test
    void aFileWithoutFlagsLeavesTheBenchmarksOwn() {
        assertThat(JvmFlags.ofFile("# none\n")).containsExactly("-Xmx256m");
    }
}
