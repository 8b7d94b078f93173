package dev.weir.server.config;

import dev.weir.pipeline.auth.AuthSettings;
import dev.weir.server.config.LoadResult.Loaded;
import dev.weir.server.config.LoadResult.Rejected;
import dev.weir.server.config.YamlNode.Broken;
import dev.weir.server.config.YamlNode.Mapping;
import dev.weir.server.config.YamlNode.Scalar;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Reads configurations; where the way through this package begins. */
public final class ConfigLoader {
    private static final long MAX_FILE_BYTES = 4L << 20;
    private static final String BUILT_IN = "backends: {ollama: {kind: ollama, url: 'http://127.0.0.1:11434'}}";

    private ConfigLoader() {}

    /** Reads a file. */
    public static LoadResult load(Path file, Map<String, String> env) {
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                return unreadable(file, "larger than 4MiB");
            }
            return parse(Files.readString(file), file.toString(), env);
        } catch (NoSuchFileException e) {
            return unreadable(file, "no such file");
        } catch (AccessDeniedException e) {
            return unreadable(file, "permission denied");
        } catch (CharacterCodingException e) {
            return unreadable(file, "not UTF-8 text");
        } catch (IOException e) {
            return unreadable(file, String.valueOf(e.getMessage()));
        }
    }

    private static LoadResult unreadable(Path file, String why) {
        return new Rejected(List.of(new Problem(file.toString(), 0, 0, "", "cannot be read", why)));
    }

    /** What holds when there is no file: every default, and an Ollama on this machine with all its models. */
    public static LoadResult defaults(Map<String, String> env) {
        return parse(BUILT_IN, "built-in defaults", env);
    }

    /** Reads text; the file name is for the problems only. */
    public static LoadResult parse(String yaml, String fileName, Map<String, String> env) {
        Environment environment = new Environment(env);
        Problems problems = new Problems();
        YamlNode document = YamlReader.readFile(yaml, fileName, environment, problems);
        if (!(document instanceof Mapping written)) {
            if (!(document instanceof Broken)) {
                problems.add(document.location(), "expected a map, found " + document.description());
            }
            return new Rejected(problems.list());
        }
        Mapping root = withInheritedTimeouts(written);
        Binder binder = new Binder(environment, problems);
        WeirConfig config = binder.bind(WeirConfig.class, root);
        binder.bind(AuthSettings.class, root.mapping("auth"));
        new CrossReferences(root, problems).check(environment);
        return config != null && problems.isEmpty()
                ? new Loaded(config, new Section(root, environment))
                : new Rejected(problems.list());
    }

    /** Lays each backend's timeouts over those of {@code backend_defaults}, so that every backend has its own. */
    private static Mapping withInheritedTimeouts(Mapping root) {
        Mapping inherited = root.mapping("backend_defaults").mapping("timeouts");
        Mapping backends = root.mapping("backends");
        for (String name : backends.entries().keySet()) {
            if (backends.get(name) instanceof Mapping backend && !(backend.get("timeouts") instanceof Scalar)) {
                Mapping timeouts = inherited.merge(backend.mapping("timeouts"));
                backends = backends.with(name, backend.with("timeouts", timeouts));
            }
        }
        return backends.entries().isEmpty() ? root : root.with("backends", backends);
    }
}
