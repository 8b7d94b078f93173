package dev.weir.server;

import dev.weir.pipeline.store.Database;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.LoadResult;
import dev.weir.server.config.Problem;
import dev.weir.server.config.Problems;
import dev.weir.server.config.Section;
import dev.weir.server.config.WeirConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A configuration that was read and checked together with the middlewares it names.
 *
 * @param config the configuration
 * @param middlewares the middlewares that are installed
 * @param warnings what an operator should know although it is no error
 */
record LoadedConfiguration(WeirConfig config, Middlewares middlewares, List<String> warnings) {

    static LoadedConfiguration load(ConfigurationFile file, Map<String, String> environment)
            throws InvalidConfigurationException {
        LoadResult result = file.load(environment);
        if (result instanceof LoadResult.Rejected rejected) {
            throw new InvalidConfigurationException(rejected.problems());
        }
        LoadResult.Loaded loaded = (LoadResult.Loaded) result;
        WeirConfig config = loaded.config();
        Middlewares middlewares = middlewares(file.plugins(), config.plugins().directory(), loaded.root());
        List<Problem> unknown = loaded.unknownMiddlewares(middlewares.names());
        if (!unknown.isEmpty()) {
            throw new InvalidConfigurationException(unknown);
        }
        Problems problems = new Problems();
        middlewares.checkSettings(config, problems);
        try {
            Database.check(EngineAssembly.database(config.database(), Path.of("")));
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            problems.add(loaded.root().problem("database", message.replaceFirst("^database\\.", ""), null));
        }
        if (!problems.isEmpty()) {
            throw new InvalidConfigurationException(problems.list());
        }
        return new LoadedConfiguration(config, middlewares, warnings(config, middlewares));
    }

    /** What is installed; jars from the directory of the command line, else from that of the configuration. */
    private static Middlewares middlewares(@Nullable Path asked, @Nullable Path configured, Section root)
            throws InvalidConfigurationException {
        Path directory = asked != null ? asked : configured;
        Middlewares middlewares = directory == null ? Middlewares.builtIn() : Middlewares.with(directory);
        if (!middlewares.faults().isEmpty()) {
            throw new InvalidConfigurationException(middlewares.faults().stream()
                    .map(fault -> root.problem("plugins", fault, null))
                    .toList());
        }
        return middlewares;
    }

    private static List<String> warnings(WeirConfig config, Middlewares middlewares) {
        List<String> warnings = new ArrayList<>(middlewares.warnings());
        Path documents = config.server().docsDirectory();
        if (documents != null && !Files.isDirectory(documents)) {
            warnings.add("server.docs_directory: " + documents + " is no directory, nothing is served under /docs");
        }
        return warnings;
    }
}
