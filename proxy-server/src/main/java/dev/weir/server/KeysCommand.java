package dev.weir.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.pipeline.auth.ApiKey;
import dev.weir.pipeline.auth.ApiKey.Issued;
import dev.weir.pipeline.auth.KeySpec;
import dev.weir.server.config.Durations;
import dev.weir.server.management.KeyJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code weir keys}: API keys in the configured database, with or without a gateway running. A running one follows within a
 * second. Exit code 0 when done, 1 when the database or its state did not allow it, 2 for bad usage or configuration.
 */
@Command(
        name = "keys",
        description = "Makes, lists, changes and ends API keys in the configured database.",
        mixinStandardHelpOptions = true)
final class KeysCommand implements Runnable {
    private static final int ALL = 1_000;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(
                    spec.commandLine(), "keys: which of create, list, patch, revoke, rotate, import?");
        }
    }

    @Command(
            name = "create",
            description = "Makes a key and prints it: it is shown this once.",
            mixinStandardHelpOptions = true)
    int create(
            @Mixin KeysDatabase database,
            @Parameters(paramLabel = "NAME", description = "What people call it.") String name,
            @Mixin KeyOptions options)
            throws Exception {
        return database.use(commandLine("create"), () -> KeyOptions.spec(name, options), (keys, out) -> {
            Issued issued = keys.service().create(keys.spec());
            print(out, database, issued.key(), issued.secret());
        });
    }

    @Command(
            name = "list",
            description = "Lists the keys, newest first; never what clients send.",
            mixinStandardHelpOptions = true)
    int list(
            @Mixin KeysDatabase database,
            @Option(names = "--revoked", description = "Revoked ones as well.") boolean revoked)
            throws Exception {
        return database.use(commandLine("list"), () -> KeySpec.named("none"), (keys, out) -> {
            ArrayNode json = JsonNodeFactory.instance.arrayNode();
            String after = null;
            List<ApiKey> page;
            do {
                page = keys.service().list(revoked, ALL, after);
                for (ApiKey key : page) {
                    after = key.id();
                    if (database.json()) {
                        json.add(KeyJson.of(key, null));
                    } else {
                        out.println(line(key));
                    }
                }
            } while (page.size() == ALL);
            if (database.json()) {
                out.println(json.toPrettyString());
            }
        });
    }

    @Command(
            name = "patch",
            description = "Changes what is given about a key, and nothing else; its secret stays.",
            mixinStandardHelpOptions = true)
    int patch(
            @Mixin KeysDatabase database,
            @Parameters(paramLabel = "ID", description = "Its id: key_…") String id,
            @Mixin Change change,
            @Mixin KeyOptions options)
            throws Exception {
        CommandLine line = commandLine("patch");
        // Checked before the database is opened, so that what makes no sense is told apart from what is not there.
        return database.use(line, () -> change.apply(KeySpec.named("any"), options), (keys, out) -> {
            ApiKey key = keys.service().update(id, before -> change.apply(before, options));
            print(out, database, key, null);
        });
    }

    /** What can be changed about a key besides what is decided when it is made. */
    static final class Change {
        @Option(names = "--name", paramLabel = "NAME", description = "What people call it.")
        private @Nullable String name;

        @Option(
                names = "--blocked",
                negatable = true,
                description = "It is refused for now; --no-blocked lets it work again.")
        private @Nullable Boolean blocked;

        private KeySpec apply(KeySpec before, KeyOptions options) {
            ObjectNode json = options.given();
            if (name != null) {
                json.put("name", name);
            }
            if (blocked != null) {
                json.put("blocked", blocked);
            }
            if (json.isEmpty()) {
                throw new IllegalArgumentException(
                        "keys patch: nothing to change was given: see weir keys patch --help");
            }
            return KeyJson.merge(before, json, Set.of());
        }
    }

    @Command(name = "revoke", description = "Ends keys for good, at once.", mixinStandardHelpOptions = true)
    int revoke(
            @Mixin KeysDatabase database,
            @Parameters(paramLabel = "ID", arity = "1..*", description = "Their ids: key_…") List<String> ids)
            throws Exception {
        return database.use(commandLine("revoke"), () -> KeySpec.named("none"), (keys, out) -> {
            for (String id : ids) {
                print(out, database, keys.service().revoke(id), null);
            }
        });
    }

    @Command(
            name = "rotate",
            description = "Gives a key a new secret and prints it: it is shown this once.",
            mixinStandardHelpOptions = true)
    int rotate(
            @Mixin KeysDatabase database,
            @Parameters(paramLabel = "ID", description = "Its id: key_…") String id,
            @Option(
                            names = "--grace",
                            paramLabel = "DURATION",
                            defaultValue = "0s",
                            description =
                                    "How long the old one works on, 24h for instance (default: ${DEFAULT-VALUE}).")
                    String grace)
            throws Exception {
        CommandLine line = commandLine("rotate");
        Duration duration = duration(line, "--grace", grace);
        return database.use(line, () -> KeySpec.named("none"), (keys, out) -> {
            Issued issued = keys.service().rotate(id, duration);
            print(out, database, issued.key(), issued.secret());
        });
    }

    @Command(
            name = "import",
            description = "Takes over a key that clients have already, so that they keep it.",
            mixinStandardHelpOptions = true)
    int take(
            @Mixin KeysDatabase database,
            @Parameters(paramLabel = "NAME", description = "What people call it.") String name,
            @ArgGroup(exclusive = true, multiplicity = "1") Known known,
            @Mixin KeyOptions options)
            throws Exception {
        return database.use(commandLine("import"), () -> KeyOptions.spec(name, options), (keys, out) -> {
            ApiKey key = known.stdin
                    ? keys.service().importSecret(keys.spec(), firstLine())
                    : keys.service().importDigest(keys.spec(), known.sha256);
            print(out, database, key, null);
        });
    }

    /** How a key that exists is told. */
    static final class Known {
        @Option(names = "--sha256", paramLabel = "HEX", description = "The SHA-256 of the key.")
        private String sha256 = "";

        @Option(names = "--stdin", description = "The key itself is the first line of the standard input.")
        private boolean stdin;
    }

    private static String firstLine() throws GatewayException {
        try {
            String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            return line == null ? "" : line.strip();
        } catch (IOException e) {
            throw new GatewayException(GatewayError.BAD_REQUEST, "the standard input cannot be read", e);
        }
    }

    private CommandLine commandLine(String subcommand) {
        if (spec == null) {
            throw new IllegalStateException("run by picocli only");
        }
        return Objects.requireNonNull(spec.commandLine().getSubcommands().get(subcommand), subcommand);
    }

    static Duration duration(CommandLine line, String option, String text) {
        try {
            return Durations.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(line, option + ": " + text + ": " + e.getMessage(), e);
        }
    }

    private static void print(PrintWriter out, KeysDatabase database, ApiKey key, @Nullable String secret) {
        if (database.json()) {
            ObjectNode json = KeyJson.of(key, secret);
            out.println(json.toPrettyString());
            return;
        }
        out.println(line(key));
        if (secret != null) {
            out.println();
            out.println(secret);
            out.println();
            out.println("This is the only time it is shown.");
        }
    }

    private static String line(ApiKey key) {
        KeySpec spec = key.spec();
        String scopes =
                spec.scopes().stream().map(scope -> scope.text()).sorted().collect(Collectors.joining(","));
        String state = key.isRevoked() ? "revoked" : spec.blocked() ? "blocked" : expiry(spec.expiresAtMillis());
        return String.join("  ", key.id(), key.prefix() + "…", scopes, state, spec.name());
    }

    private static String expiry(long millis) {
        if (millis == 0) {
            return "active";
        }
        return (millis <= System.currentTimeMillis() ? "expired " : "until ") + Instant.ofEpochMilli(millis);
    }
}
