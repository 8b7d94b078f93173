package dev.weir.server;

import dev.weir.server.diagnosis.SmokeCommand;
import dev.weir.server.sim.SimCommand;
import dev.weir.server.tls.TlsCommand;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/** The command line. */
@Command(
        name = "weir",
        description = "A reverse proxy for language-model servers.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        scope = ScopeType.LOCAL)
public final class Main {
    private static final String SERVE = "serve";
    private static final List<Class<?>> COMMANDS = List.of(
            ServeCommand.class,
            DemoCommand.class,
            SimCommand.class,
            CheckCommand.class,
            KeysCommand.class,
            BackupCommand.class,
            RestoreCommand.class,
            DoctorCommand.class,
            SmokeCommand.class,
            TlsCommand.class,
            VersionCommand.class);
    private static final String LEAK_DETECTION = "io.netty.leakDetection.level";

    private Main() {}

    public static void main(String[] args) {
        if (isService(args)) {
            // First of all: until then a signal ends the process.
            ProcessSignals.hold();
        }
        // Sampling buffers for leaks is for tests, which do it for every one.
        System.setProperty(LEAK_DETECTION, System.getProperty(LEAK_DETECTION, "disabled"));
        String[] all = withDefaultCommand(args);
        // Reading what all commands take would be a tenth of the time in which the gateway starts.
        CommandLine line = all[0].equals(SERVE) ? commandLine(List.of(ServeCommand.class)) : commandLine();
        System.exit(line.execute(all));
    }

    /** With all commands. */
    static CommandLine commandLine() {
        return commandLine(COMMANDS);
    }

    private static CommandLine commandLine(List<Class<?>> commands) {
        CommandLine line = new CommandLine(new Main());
        commands.forEach(line::addSubcommand);
        return line.setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println(failure.getMessage() == null ? failure.toString() : failure.getMessage());
                    return 1;
                });
    }

    private static boolean isService(String[] args) {
        return isDefault(args) || args[0].equals(SERVE) || args[0].equals("demo");
    }

    private static boolean isDefault(String[] args) {
        return args.length == 0 || args[0].startsWith("--config") || args[0].startsWith("--plugins");
    }

    /** {@code serve} is what one gets without a command: {@code weir --config FILE} works too. */
    private static String[] withDefaultCommand(String[] args) {
        if (!isDefault(args)) {
            return args;
        }
        String[] all = new String[args.length + 1];
        all[0] = SERVE;
        System.arraycopy(args, 0, all, 1, args.length);
        return all;
    }
}
