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
    void weirTakesTheConfigurationOfEachAudit(WeirConf.Audit audit) {
        assertThat(load(PLAIN.with(audit))).isInstanceOf(LoadResult.Loaded.class);
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
                        PLAIN.with(WeirConf.Audit.WITH_BODIES).yaml().contains("audit, usage")))
                .containsExactly(false, true);
    }

    @Test
    void theFlagsOfTheJvmAreThoseOfTheUnit() {
        assertThat(JvmFlags.ofUnit("""
                        [Service]
                        Environment="WEIR_JAVA_OPTS=-Xmx300m -XX:+UseSerialGC"
                        ExecStart=/usr/bin/java $WEIR_JAVA_OPTS -Dfile.encoding=UTF-8 \\
                            -XX:SharedArchiveFile=/usr/share/weir/weir.jsa -jar /usr/share/weir/weir.jar serve
                        """)).containsExactly("-Xmx300m", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8");
    }

    @Test
    void aUnitWithoutFlagsLeavesTheBenchmarksOwn() {
        assertThat(JvmFlags.ofUnit("[Service]\nExecStart=/usr/bin/weir serve\n"))
                .containsExactly("-Xmx256m");
    }
}
