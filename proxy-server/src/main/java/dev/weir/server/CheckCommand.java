package dev.weir.server;

import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.JsonSchema;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir check}: validates a configuration and changes nothing. */
@Command(
        name = "check",
        description = "Validates a configuration: every problem with file, line and path. Exit code 2 if there is any.",
        mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description = "The configuration (default: the one that serve would take).")
    private @Nullable Path config;

    @Option(
            names = "--plugins",
            paramLabel = "DIR",
            description = "Jars with further middleware (default: plugins.directory of the configuration).")
    private @Nullable Path plugins;

    @Option(
            names = "--schema",
            description = "Prints the configuration's JSON Schema, for editors, and checks nothing.")
    private boolean schema;

    @Override
    public Integer call() {
        if (spec == null) {
            return 1;
        }
        if (schema) {
            Middlewares installed = plugins == null ? Middlewares.builtIn() : Middlewares.with(plugins);
            spec.commandLine().getOut().print(JsonSchema.generate(installed.settings()));
            spec.commandLine().getOut().flush();
            return 0;
        }
        ConfigurationFile file = ConfigurationFile.find(config).withPlugins(plugins);
        try {
            LoadedConfiguration loaded = LoadedConfiguration.load(file, System.getenv());
            PrintWriter out = spec.commandLine().getOut();
            out.println(file + " is valid");
            loaded.warnings().forEach(warning -> out.println("warning: " + warning));
            return 0;
        } catch (InvalidConfigurationException e) {
            spec.commandLine().getErr().println(e.getMessage());
            return 2;
        }
    }
}
