package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.config.JsonSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@code conf/weir.schema.json}. */
class ShippedSchemaTest {
    private static final Path FILE = Path.of(System.getProperty("basedir", "."), "..", "conf", "weir.schema.json");

    @Test
    void theShippedSchemaIsThatOfTheRecords() throws IOException {
        String generated = JsonSchema.generate(Middlewares.builtIn().settings());
        assertThat(Files.readString(FILE))
                .as(
                        "conf/weir.schema.json is out of date; rewrite it with: ./weir check --schema > conf/weir.schema.json")
                .isEqualTo(generated);
    }
}
