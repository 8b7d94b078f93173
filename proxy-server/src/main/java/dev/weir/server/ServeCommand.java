package dev.weir.server;

import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.observe.Logging;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir serve}: runs the gateway until it is told to end. */
@Command(
        name = "serve",
        description = "Runs the gateway. SIGTERM drains it, SIGHUP reloads the configuration.",
        mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "The configuration (default: conf/weir.yaml, then /etc/weir/weir.yaml, else built-in defaults).")
    private @Nullable Path config;

    @Option(
            names = "--plugins",
            paramLabel = "DIR",
            description = "Jars with further middleware (default: plugins.directory of the configuration).")
    private @Nullable Path plugins;

    @Override
    public Integer call() throws Exception {
        ConfigurationFile file = ConfigurationFile.find(config).withPlugins(plugins);
        Gateway gateway;
        try {
            LoadedConfiguration loaded = LoadedConfiguration.load(file, System.getenv());
            Logging.configure(loaded.config().logging());
            gateway = Gateway.start(file, System.getenv(), loaded);
        } catch (InvalidConfigurationException e) {
            if (spec != null) {
                spec.commandLine().getErr().println(e.getMessage());
            }
            return 2;
        }
        ProcessSignals.attach(gateway);
        gateway.announce();
        gateway.awaitEnd();
        Logging.flush();
        return 0;
    }
}
