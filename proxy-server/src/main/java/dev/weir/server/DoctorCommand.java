package dev.weir.server;

import dev.weir.pipeline.auth.AuthSettings;
import dev.weir.server.config.BackendConfig;
import dev.weir.server.config.Environment;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.ListenAddress;
import dev.weir.server.config.LoggingConfig;
import dev.weir.server.config.Problem;
import dev.weir.server.config.Problems;
import dev.weir.server.config.ServerConfig;
import dev.weir.server.config.WeirConfig;
import dev.weir.server.config.WrittenSecrets;
import dev.weir.server.diagnosis.BackendChecks;
import dev.weir.server.diagnosis.CertificateCheck;
import dev.weir.server.diagnosis.FileChecks;
import dev.weir.server.diagnosis.Finding;
import dev.weir.server.diagnosis.HostChecks;
import dev.weir.server.diagnosis.PortCheck;
import dev.weir.server.diagnosis.QueueingCheck;
import dev.weir.server.diagnosis.SocketUnits;
import dev.weir.server.diagnosis.StoreChecks;
import dev.weir.server.observe.Logging;
import dev.weir.server.observe.Observation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir doctor}: looks at everything the gateway stands on, says what is wrong, and changes nothing. */
@Command(
        name = "doctor",
        description = "Says what is wrong with an installation and how to mend it. Exit code 1 if anything is.",
        mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    private static final LoggingConfig SILENT =
            new LoggingConfig(LoggingConfig.Level.OFF, LoggingConfig.Format.TEXT, false, null);

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The configuration (default: the one that serve would take).")
    private @Nullable Path config;

    private final Map<String, String> environment = System.getenv();
    private int failed;

    @Override
    public Integer call() {
        Logging.configure(SILENT);
        ConfigurationFile file = ConfigurationFile.find(config);
        try {
            examine(file, LoadedConfiguration.load(file, environment));
        } catch (InvalidConfigurationException e) {
            for (Problem problem : e.problems()) {
                tell(Finding.failed("configuration", problem.toString(), "correct it; weir check shows them all"));
            }
        }
        print(failed == 0 ? "nothing is wrong" : failed + " to mend");
        return failed == 0 ? 0 : 1;
    }

    private void examine(ConfigurationFile file, LoadedConfiguration loaded) {
        WeirConfig settings = loaded.config();
        tell(Finding.ok("configuration", file + " is valid"));
        loaded.warnings()
                .forEach(warning -> tell(Finding.warning("configuration", warning, "look it up in CONFIGURATION.md")));
        files(file, settings);
        boolean certificate = settings.server().tls() != null;
        settings.server()
                .addresses()
                .forEach(address ->
                        tell(PortCheck.of(address.host(), address.port(), address.isEncrypted(certificate))));
        SocketUnits.check(settings.server().listen()).forEach(this::tell);
        tell(HostChecks.descriptors(
                HostChecks.maxDescriptors(), settings.server().maxConnections()));
        tell(HostChecks.memory());
        tell(plugins(settings, loaded));
        certificates(settings.server());
        StoreChecks.database(EngineAssembly.database(settings.database(), stateDirectory()))
                .forEach(this::tell);
        try (Observation observation = new Observation(SILENT)) {
            tell(StoreChecks.redis(EngineAssembly.redis(settings.redis()), observation.meters()));
        }
        new BackendChecks(settings).run().forEach(this::tell);
        queueing(settings).forEach(this::tell);
    }

    private Path stateDirectory() {
        return new Environment(environment).resolve("");
    }

    private void files(ConfigurationFile file, WeirConfig settings) {
        Path path = file.path();
        if (path != null) {
            tell(configuration(path));
            Path variables = path.resolveSibling("weir.env");
            if (Files.exists(variables)) {
                tell(FileChecks.secret("environment", variables, "keys and passwords"));
            }
        }
        List<Path> directories = new ArrayList<>(List.of(stateDirectory()));
        LoggingConfig.LogFile log = settings.logging().file();
        if (log != null && log.path().getParent() != null) {
            directories.add(log.path().getParent());
        }
        FileChecks.writable(directories).forEach(this::tell);
    }

    private static Finding configuration(Path path) {
        try {
            List<String> secrets = WrittenSecrets.in(Files.readString(path));
            return secrets.isEmpty()
                    ? Finding.ok("permissions", "configuration " + path + " holds no secrets")
                    : FileChecks.secret("configuration", path, String.join(", ", secrets));
        } catch (IOException e) {
            return Finding.failed("permissions", path + ": " + e, "let the service's user read it");
        }
    }

    private static Finding plugins(WeirConfig settings, LoadedConfiguration loaded) {
        Path directory = settings.plugins().directory();
        return directory == null
                ? Finding.skipped("plugins", "no directory is configured")
                : Finding.ok(
                        "plugins",
                        directory + ": " + loaded.middlewares().names().size() + " middlewares with the built-in ones");
    }

    private void certificates(ServerConfig server) {
        ServerConfig.Tls tls = server.tls();
        if (tls == null) {
            tell(Finding.skipped("certificate", "no listener is encrypted"));
            return;
        }
        tell(CertificateCheck.of(tls.certificate(), tls.privateKey(), Instant.now()));
        tell(FileChecks.secret("private key", tls.privateKey(), "the certificate's key"));
    }

    private static List<Finding> queueing(WeirConfig settings) {
        AuthSettings auth = settings.auth().bind(AuthSettings.class, new Problems());
        ListenAddress address = settings.server().adminListen() != null
                ? settings.server().adminListen()
                : settings.server().listen().get(0);
        if (auth == null || address.isEncrypted(settings.server().tls() != null)) {
            return List.of();
        }
        Set<String> unbounded = settings.backends().entrySet().stream()
                .filter(entry -> entry.getValue().kind() == BackendConfig.Kind.OLLAMA
                        && entry.getValue().parallel() == null)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        String host = address.host().equals("0.0.0.0") ? "127.0.0.1" : address.host();
        return QueueingCheck.of(
                "http://" + new ListenAddress(host, address.port()), String.valueOf(auth.masterKey()), unbounded);
    }

    private void tell(Finding finding) {
        failed += finding.hasFailed() ? 1 : 0;
        print(finding.toString());
    }

    private void print(String line) {
        if (spec != null) {
            PrintWriter out = spec.commandLine().getOut();
            out.println(line);
            out.flush();
        }
    }
}
