package dev.weir.server;

import dev.weir.pipeline.store.DatabaseBackup;
import dev.weir.server.backup.Backups;
import dev.weir.server.backup.Restore;
import dev.weir.server.config.Environment;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.LoggingConfig;
import dev.weir.server.observe.Logging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code weir backup} and {@code weir restore} work with. */
final class BackupOptions implements Restore.Current {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The configuration (default: the one that serve would take).")
    private @Nullable Path config;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where backups are (default: backups, under $$STATE_DIRECTORY when that is set).")
    private @Nullable Path directory;

    @Option(
            names = "--also",
            paramLabel = "FILE",
            description =
                    "A further file of the configuration: a certificate, a key. weir.env beside it belongs to it anyway.")
    private List<Path> also = new ArrayList<>();

    Backups backups() {
        Path root = directory == null ? new Environment(System.getenv()).resolve("backups") : directory;
        return new Backups(root, Version.number(), Clock.systemUTC());
    }

    @Override
    public DatabaseBackup database() throws IOException {
        Map<String, String> environment = System.getenv();
        LoadedConfiguration loaded;
        try {
            loaded = LoadedConfiguration.load(ConfigurationFile.find(config), environment);
        } catch (InvalidConfigurationException e) {
            throw new IOException("the configuration is not valid: " + e.getMessage(), e);
        }
        // What there is to say is said on the standard error, by the command.
        Logging.configure(new LoggingConfig(LoggingConfig.Level.OFF, LoggingConfig.Format.TEXT, false, null));
        Path state = new Environment(environment).resolve("");
        return DatabaseBackup.of(EngineAssembly.database(loaded.config().database(), state));
    }

    @Override
    public List<Path> configuration() {
        List<Path> files = new ArrayList<>();
        Path main = ConfigurationFile.find(config).path();
        if (main != null) {
            files.add(main);
            Path env = main.resolveSibling("weir.env");
            if (Files.isRegularFile(env)) {
                files.add(env);
            }
        }
        files.addAll(also);
        return files;
    }
}
