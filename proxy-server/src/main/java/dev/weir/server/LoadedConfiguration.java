package dev.weir.server;

import dev.weir.server.config.LoadResult;
import dev.weir.server.config.Problem;
import dev.weir.server.config.Problems;
import dev.weir.server.config.WeirConfig;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
        Middlewares middlewares = Middlewares.install(config.plugins().directory());
        Set<String> known = new LinkedHashSet<>(middlewares.names());
        known.addAll(Middlewares.RESERVED);
        List<Problem> unknown = loaded.unknownMiddlewares(known);
        if (!unknown.isEmpty()) {
            throw new InvalidConfigurationException(unknown);
        }
        Problems problems = new Problems();
        middlewares.checkSettings(config, problems);
        if (!problems.isEmpty()) {
            throw new InvalidConfigurationException(problems.list());
        }
        return new LoadedConfiguration(config, middlewares, warnings(config, middlewares));
    }

    private static List<String> warnings(WeirConfig config, Middlewares middlewares) {
        List<String> warnings = new ArrayList<>();
        for (String name : config.pipeline()) {
            if (!middlewares.names().contains(name)) {
                warnings.add("pipeline: " + name + " is not part of this version and is left out");
            }
        }
        if (config.server().docsDirectory() != null) {
            warnings.add("server.docs_directory: this version does not serve documents");
        }
        return warnings;
    }
}
