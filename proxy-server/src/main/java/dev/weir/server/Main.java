package dev.weir.server;

import dev.weir.server.diagnosis.SmokeCommand;
import dev.weir.server.sim.SimCommand;
import dev.weir.server.tls.TlsCommand;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/** The command line. */
@Command(
        name = "weir",
        description = "A reverse proxy for language-model servers.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        scope = ScopeType.LOCAL,
        subcommands = {
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
            VersionCommand.class
        })
public final class Main {
    private static final String SERVE = "serve";
    private static final String LEAK_DETECTION = "io.netty.leakDetection.level";
    private static final String FLIGHT_RECORDER = "io.netty.jfr.enabled";

    private Main() {}

    public static void main(String[] args) {
        if (isService(args)) {
            // First of all: until then a signal ends the process.
            ProcessSignals.hold();
        }
        // Sampling buffers for leaks is for tests, which do it for every one.
        preset(LEAK_DETECTION, "disabled");
        // Making the events that nobody records would keep the first request waiting.
        preset(FLIGHT_RECORDER, "false");
        String[] all = withDefaultCommand(args);
        System.exit(all[0].equals(SERVE) ? serve(all) : commandLine().execute(all));
    }

    private static void preset(String property, String value) {
        System.setProperty(property, System.getProperty(property, value));
    }

    /** Reading what all other commands take would be a tenth of the time in which the gateway starts. */
    private static int serve(String[] args) {
        CommandLine line = new CommandLine(new ServeCommand()).setCommandName("weir " + SERVE);
        return settled(line).execute(Arrays.copyOfRange(args, 1, args.length));
    }

    /** With all commands. */
    static CommandLine commandLine() {
        return settled(new CommandLine(new Main()));
    }

    private static CommandLine settled(CommandLine line) {
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
