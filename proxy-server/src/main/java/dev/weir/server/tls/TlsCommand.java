package dev.weir.server.tls;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weir tls}: certificates for internal use. Blocks the caller's thread. */
@Command(
        name = "tls",
        description = "Certificates for internal use.",
        mixinStandardHelpOptions = true,
        subcommands = TlsCommand.SelfSignedCommand.class)
public final class TlsCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        if (spec != null) {
            throw new ParameterException(spec.commandLine(), "what? (expected: self-signed)");
        }
        return 2;
    }

    /** {@code weir tls self-signed}. */
    @Command(
            name = "self-signed",
            description = "Makes server.crt and server.key. Clients must be told to trust the certificate.",
            mixinStandardHelpOptions = true)
    static final class SelfSignedCommand implements Callable<Integer> {
        /** RFC 952 with RFC 1123, and a star in front; addresses have colons as well. */
        private static final Pattern HOST = Pattern.compile("(?:\\*\\.)?[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}");

        private static final int MAX_DAYS = 36_500;

        @Spec
        private @Nullable CommandSpec spec;

        @Option(
                names = "--host",
                paramLabel = "NAME",
                split = ",",
                description = "Names and addresses it is for (default: localhost, 127.0.0.1, ::1).")
        private List<String> hosts = List.of("localhost", "127.0.0.1", "::1");

        @Option(
                names = "--days",
                defaultValue = "365",
                description = "How long it is valid (default: ${DEFAULT-VALUE}).")
        private int days = 365;

        @Option(names = "--out", paramLabel = "DIR", defaultValue = ".", description = "Where to put the files.")
        private Path directory = Path.of(".");

        @Override
        public Integer call() throws IOException {
            if (spec == null) {
                return 1;
            }
            for (String host : hosts) {
                if (!HOST.matcher(host).matches()) {
                    throw new ParameterException(
                            spec.commandLine(), "--host: " + host + " (expected: a name or an address)");
                }
            }
            if (days < 1 || days > MAX_DAYS) {
                throw new ParameterException(
                        spec.commandLine(), "--days: " + days + " (expected: 1 to " + MAX_DAYS + ")");
            }
            try {
                SelfSigned.create(hosts, Duration.ofDays(days), Instant.now()).write(directory);
            } catch (FileAlreadyExistsException e) {
                spec.commandLine().getErr().println(e.getMessage() + " is there already; move it away first");
                return 1;
            }
            PrintWriter out = spec.commandLine().getOut();
            out.println("server.tls: {certificate: " + directory.resolve("server.crt") + ", private_key: "
                    + directory.resolve("server.key") + "}");
            out.flush();
            return 0;
        }
    }
}
