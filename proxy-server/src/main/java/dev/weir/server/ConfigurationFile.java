package dev.weir.server;

import dev.weir.server.config.ConfigLoader;
import dev.weir.server.config.LoadResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the configuration comes from, so that a reload finds it again: a file, a text of our own, or the built-in
 * defaults when both are null.
 *
 * @param path the file
 * @param text the configuration itself
 * @param plugins the directory of jars that the command line names in the place of the configuration's, or null
 */
record ConfigurationFile(
        @Nullable Path path,
        @Nullable String text,
        @Nullable Path plugins) {
    private static final List<Path> PLACES = List.of(Path.of("conf/weir.yaml"), Path.of("/etc/weir/weir.yaml"));

    ConfigurationFile(@Nullable Path path, @Nullable String text) {
        this(path, text, null);
    }

    /** The same with another directory of jars. */
    ConfigurationFile withPlugins(@Nullable Path directory) {
        return new ConfigurationFile(path, text, directory);
    }

    /** The file asked for, else the first of the usual places, else the built-in defaults. */
    static ConfigurationFile find(@Nullable Path asked) {
        if (asked != null) {
            return new ConfigurationFile(asked, null);
        }
        for (Path place : PLACES) {
            if (Files.isReadable(place)) {
                return new ConfigurationFile(place, null);
            }
        }
        return new ConfigurationFile(null, null);
    }

    /** A configuration that stands in no file. */
    static ConfigurationFile of(String text) {
        return new ConfigurationFile(null, text);
    }

    LoadResult load(Map<String, String> environment) {
        if (path != null) {
            return ConfigLoader.load(path, environment);
        }
        return text == null ? ConfigLoader.defaults(environment) : ConfigLoader.parse(text, "weir.yaml", environment);
    }

    @Override
    public String toString() {
        if (path != null) {
            return path.toString();
        }
        return text == null ? "built-in defaults (an Ollama on 127.0.0.1:11434)" : "built-in";
    }
}
