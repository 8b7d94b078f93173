package dev.weir.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** Finds the secrets that stand in a file itself, not in the environment it names. Any thread. */
public final class WrittenSecrets {
    private WrittenSecrets() {}

    /** The paths of the keys whose values are secrets. */
    public static List<String> in(String yaml) {
        List<String> paths = new ArrayList<>();
        try {
            collect(new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml), "", false, paths);
        } catch (YAMLException broken) {
            // Whoever reads the configuration says so.
        }
        return paths;
    }

    private static void collect(Object node, String path, boolean secret, List<String> paths) {
        if (node instanceof Map<?, ?> map) {
            map.forEach((key, value) -> {
                String name = String.valueOf(key);
                boolean hidden = secret || Secrets.isSecret(name, value instanceof Map<?, ?>);
                collect(value, path.isEmpty() ? name : path + "." + name, hidden, paths);
            });
        } else if (node instanceof List<?> list) {
            list.forEach(item -> collect(item, path, secret, paths));
        } else if (node instanceof String text && isWritten(text, secret)) {
            paths.add(path);
        }
    }

    /** A default of development after {@code :-} is no secret. */
    private static boolean isWritten(String text, boolean secret) {
        String own = text.replaceAll("\\$\\{[^}]*}", "");
        return secret ? !own.isBlank() : !Secrets.maskUrl(own).equals(own);
    }
}
