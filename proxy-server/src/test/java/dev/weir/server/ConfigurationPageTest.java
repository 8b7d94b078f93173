package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.config.JsonSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/CONFIGURATION.md} has every setting with its type and default: {@code -Dweir.configuration.update=true} rewrites
 * the table after a change.
 */
class ConfigurationPageTest {
    private static final Path PAGE = Path.of(System.getProperty("basedir", "."), "..", "docs", "CONFIGURATION.md");
    private static final String HEAD = "| setting | type | default |\n|---|---|---|\n";

    private final List<String> rows = new ArrayList<>();
    private JsonNode schema = TestGateway.JSON.createObjectNode();

    @Test
    void everySettingIsOnItsPageWithItsDefault() throws IOException {
        schema = TestGateway.json(JsonSchema.generate(Middlewares.builtIn().settings()));
        properties("", schema);
        String before = Files.readString(PAGE);
        String intro = before.substring(0, before.indexOf(HEAD) + HEAD.length());
        String now = intro + String.join("\n", rows) + "\n";
        if (Boolean.getBoolean("weir.configuration.update")) {
            Files.writeString(PAGE, now);
        }

        assertThat(rows).hasSizeGreaterThan(100);
        assertThat(Files.readString(PAGE)).isEqualTo(now);
    }

    private void properties(String prefix, JsonNode object) {
        for (Map.Entry<String, JsonNode> property : object.path("properties").properties()) {
            setting(prefix + property.getKey(), property.getValue());
        }
    }

    private void setting(String path, JsonNode written) {
        JsonNode type = resolved(written);
        JsonNode each = resolved(type.path("additionalProperties"));
        JsonNode items = resolved(type.path("items"));
        if (type.has("properties")) {
            properties(path + ".", type);
        } else if (each.has("properties")) {
            properties(path + ".NAME.", each);
        } else if (items.has("properties")) {
            properties(path + "[].", items);
        } else {
            String value = written.has("default") ? "`" + text(written.get("default")) + "`" : "";
            rows.add("| `" + path + "` | " + name(written) + " | " + value + " |");
        }
    }

    private static String text(JsonNode value) {
        return (value.isTextual() ? value.asText() : value.toString()).replace("|", "\\|");
    }

    private JsonNode resolved(JsonNode node) {
        String reference = node.path("$ref").asText("");
        return reference.startsWith("#/$defs/") ? schema.path("$defs").path(reference.substring(8)) : node;
    }

    /** As people say it. */
    private String name(JsonNode written) {
        String reference = written.path("$ref").asText("");
        if (!reference.isEmpty()) {
            return reference.substring(8);
        }
        for (JsonNode choice : written.path("anyOf")) {
            if (choice.has("enum")) {
                List<String> names = new ArrayList<>();
                choice.get("enum").forEach(name -> names.add(name.asText()));
                return String.join(", ", names);
            }
            if (choice.path("type").asText().equals("array")) {
                return "list";
            }
        }
        String type = written.path("type").asText("any");
        return type.equals("array") ? "list" : type.equals("object") ? "map" : type;
    }
}
