package dev.weir.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.config.LoadResult.Loaded;
import dev.weir.server.config.LoadResult.Rejected;
import java.util.List;
import java.util.Map;

/** Reads configurations for tests; problems name the file {@code test.yaml}. */
final class Configs {
    static final String FILE = "test.yaml";

    private Configs() {}

    static WeirConfig valid(String yaml) {
        return valid(yaml, Map.of());
    }

    static WeirConfig valid(String yaml, Map<String, String> env) {
        return loaded(yaml, env).config();
    }

    static Loaded loaded(String yaml, Map<String, String> env) {
        LoadResult result = ConfigLoader.parse(yaml, FILE, env);
        assertThat(result).isInstanceOf(Loaded.class);
        return (Loaded) result;
    }

    static List<String> problems(String yaml) {
        return problems(yaml, Map.of());
    }

    /** Without the name of the file: {@code 1:2: path: message (hint)}. */
    static List<String> problems(String yaml, Map<String, String> env) {
        LoadResult result = ConfigLoader.parse(yaml, FILE, env);
        assertThat(result).isInstanceOf(Rejected.class);
        return ((Rejected) result)
                .problems().stream()
                        .map(Problem::toString)
                        .map(text -> text.replaceFirst("^" + FILE + ":", ""))
                        .toList();
    }

    /** A backend and whatever stands in its place. */
    static String backend(String settings) {
        return "backends: {a: {url: \"http://h\", " + settings + "}}";
    }
}
