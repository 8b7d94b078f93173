package dev.weir.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.core.Default;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonSchemaTest {
    private static JsonNode schema(Map<String, Class<? extends Record>> middleware) throws IOException {
        return new ObjectMapper().readTree(JsonSchema.generate(middleware));
    }

    @Test
    void blocksAreClosedAndNameWhatIsRequired() throws IOException {
        JsonNode backend = schema(Map.of()).at("/$defs/BackendConfig");
        assertThat(backend.at("/additionalProperties").asBoolean(true)).isFalse();
        assertThat(backend.at("/required").toString()).isEqualTo("[\"url\"]");
        assertThat(backend.at("/properties/weight").toString())
                .isEqualTo("{\"$ref\":\"#/$defs/integer\",\"default\":1}");
        assertThat(backend.at("/properties/kind/anyOf/0/enum").toString()).isEqualTo("[\"ollama\",\"openai\"]");
    }

    @Test
    void defaultsAreShownWithoutAnEnvironment() throws IOException {
        JsonNode schema = schema(Map.of());
        assertThat(schema.at("/$defs/ServerConfig/properties/listen/default").asText())
                .isEqualTo("127.0.0.1:4000");
        assertThat(schema.at("/properties/pipeline/default/0").asText()).isEqualTo("cors");
        assertThat(schema.at("/$defs/AgentConfig/properties/timeout/default").asDouble())
                .isEqualTo(30.0);
        assertThat(schema.at("/$defs/RedisConfig/properties/url/default").isMissingNode())
                .isTrue();
    }

    record Settings(@Default("[]") List<String> origins, int maxAge) {}

    @Test
    void knownMiddlewaresAreDescribedAndOthersTaken() throws IOException {
        JsonNode middleware = schema(Map.of("cors", Settings.class)).at("/properties/middleware");
        assertThat(middleware.at("/properties/cors/$ref").asText()).isEqualTo("#/$defs/JsonSchemaTest.Settings");
        assertThat(middleware.at("/additionalProperties/type").asText()).isEqualTo("object");
    }

    @Test
    void everyReferenceHasItsDefinition() throws IOException {
        JsonNode schema = schema(Map.of("cors", Settings.class));
        for (JsonNode reference : schema.findValues("$ref")) {
            assertThat(schema.at(reference.asText().substring(1)).isObject())
                    .as(reference.asText())
                    .isTrue();
        }
    }
}
