package dev.weir.server.config;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a configuration draws on besides its own text: variables, and the directory its relative paths are under. */
public final class Environment {
    private final Map<String, String> variables;

    public Environment(Map<String, String> variables) {
        this.variables = Map.copyOf(variables);
    }

    @Nullable
    String variable(String name) {
        return variables.get(name);
    }

    /** A relative path stands under $STATE_DIRECTORY when that is set (its first entry), else the working directory. */
    public Path resolve(String path) {
        String state = variables.getOrDefault("STATE_DIRECTORY", "");
        int end = state.indexOf(':');
        return Path.of(end < 0 ? state : state.substring(0, end)).resolve(path);
    }
}
