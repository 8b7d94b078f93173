package dev.weir.pipeline.usage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.pipeline.usage.RegisteredModel.Details;
import dev.weir.pipeline.usage.RegisteredModel.Source;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Database.Kind.class)
final class ModelRegistryTest {
    private static final long HOUR = 3_600_000;
    private static final Details LLAMA = new Details("llama", "3.2B", "Q4_K_M", 2_019_393_189L);

    private final TestDatabase test;
    private final Database database;
    private final ModelRegistry registry;

    ModelRegistryTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
        database = test.open();
        registry = new ModelRegistry(database, null);
    }

    @AfterEach
    void close() {
        registry.close();
        test.close();
    }

    private static RegisteredModel model(String name, Source source, String... backends) {
        return new RegisteredModel(name, source, "", List.of(backends));
    }

    private List<String> rows() throws Exception {
        return database.read(connection -> {
            List<String> rows = new ArrayList<>();
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(
                            "SELECT name, source, family, quantization, size_bytes, backends, status FROM models ORDER BY name")) {
                while (row.next()) {
                    rows.add(String.join(
                            "|",
                            row.getString(1),
                            row.getString(2),
                            row.getString(3),
                            row.getString(4),
                            row.getString(5),
                            row.getString(6),
                            row.getString(7)));
                }
            }
            return rows;
        });
    }

    @Test
    void modelsOfTheConfigurationAndOfBackendsAreInTheTable() throws Exception {
        registry.offered(List.of(model("chat", Source.CONFIGURED, "a", "b"), model("phi3", Source.DISCOVERED, "a")));
        registry.flush(HOUR);
        registry.describe(Map.of("chat", LLAMA));
        registry.flush(HOUR + 1);

        assertThat(rows())
                .containsExactly(
                        "chat|configured|llama|Q4_K_M|2019393189|a,b|available", "phi3|discovered|||0|a|available");
        assertThat(registry.find("chat"))
                .isNotNull()
                .satisfies(chat -> assertThat(chat.details()).isEqualTo(LLAMA));
        assertThat(registry.find("nobody")).isNull();
    }

    @Test
    void aModelThatNobodyOffersAnyMoreIsGoneButKnown() throws Exception {
        registry.offered(List.of(model("a", Source.DISCOVERED, "x"), model("b", Source.DISCOVERED, "x")));
        registry.flush(HOUR);
        registry.offered(List.of(model("a", Source.DISCOVERED, "x")));
        registry.flush(HOUR + 1_000);
        assertThat(rows()).last().asString().endsWith("available");

        registry.flush(2 * HOUR);

        assertThat(rows()).containsExactly("a|discovered|||0|x|available", "b|discovered|||0|x|gone");
    }
}
