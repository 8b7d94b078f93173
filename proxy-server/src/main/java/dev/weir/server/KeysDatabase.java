package dev.weir.server;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.pipeline.auth.ApiKeys;
import dev.weir.pipeline.auth.AuthSettings;
import dev.weir.pipeline.auth.KeySpec;
import dev.weir.pipeline.store.Database;
import dev.weir.server.config.Environment;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.LoggingConfig;
import dev.weir.server.config.Problems;
import dev.weir.server.config.WeirConfig;
import dev.weir.server.observe.Logging;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The database that the configuration names, for a command that needs the keys in it. */
final class KeysDatabase {
    /** For a database that is just being started, or its first migration on a slow disk. */
    private static final long WAIT_MILLIS = 15_000;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The configuration (default: the one that serve would take).")
    private @Nullable Path config;

    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    /** What a command works with. */
    record Keys(ApiKeys service, KeySpec spec) {}

    /** What a command does; prints to {@code out}. */
    @FunctionalInterface
    interface Action {
        void run(Keys keys, PrintWriter out) throws GatewayException;
    }

    boolean json() {
        return json;
    }

    /** Opens the database, has {@code action} done, and returns the exit code. */
    int use(CommandLine line, Supplier<KeySpec> wanted, Action action) {
        try {
            WeirConfig loaded = LoadedConfiguration.load(ConfigurationFile.find(config), System.getenv())
                    .config();
            AuthSettings settings = loaded.auth().bind(AuthSettings.class, new Problems());
            KeySpec spec = wanted.get();
            // What there is to say is said on the standard error, by this.
            Logging.configure(new LoggingConfig(LoggingConfig.Level.OFF, LoggingConfig.Format.TEXT, false, null));
            Path state = new Environment(System.getenv()).resolve("");
            try (Database database = Database.open(EngineAssembly.database(loaded.database(), state), WAIT_MILLIS)) {
                if (!database.isUp()) {
                    line.getErr().println("the database cannot be used: " + database.trouble());
                    return 1;
                }
                String prefix = settings == null ? "" : settings.keyPrefix();
                action.run(new Keys(new ApiKeys(database, prefix, () -> {}), spec), line.getOut());
                line.getOut().flush();
                return 0;
            }
        } catch (InvalidConfigurationException | IllegalArgumentException e) {
            line.getErr().println(e.getMessage());
            return 2;
        } catch (GatewayException e) {
            line.getErr().println(e.detail());
            return e.error() == GatewayError.BAD_REQUEST ? 2 : 1;
        }
    }
}
