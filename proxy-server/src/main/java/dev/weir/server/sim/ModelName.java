package dev.weir.server.sim;

import java.util.Locale;

/** Ollama's naming rule: case does not matter, {@code :latest} and the default registry are implied. *Any thread.* */
final class ModelName {
    private ModelName() {}

    /** The form two names share when they mean the same model. */
    static String normalize(String name) {
        String plain = name.strip().toLowerCase(Locale.ROOT);
        plain = withoutPrefix(plain, "registry.ollama.ai/");
        plain = withoutPrefix(plain, "library/");
        return plain.indexOf(':', plain.lastIndexOf('/') + 1) < 0 ? plain + ":latest" : plain;
    }

    private static String withoutPrefix(String text, String prefix) {
        return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    }
}
