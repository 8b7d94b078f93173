package dev.weir.server.diagnosis;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weir smoke}: asks a running gateway for one of everything. Blocks the caller's thread. */
@Command(
        name = "smoke",
        description =
                "Tries a running gateway: models, embeddings, chat, routing, streaming. Exit code 1 if any fails.",
        mixinStandardHelpOptions = true)
public final class SmokeCommand implements Callable<Integer> {
    private static final String DEVELOPMENT_KEY = "sk-hx-dev-1234";

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--url",
            defaultValue = "http://127.0.0.1:4000",
            description = "The gateway (default: ${DEFAULT-VALUE}).")
    private URI url = URI.create("http://127.0.0.1:4000");

    @Option(names = "--key", description = "An API key (default: WEIR_MASTER_KEY, else the development key).")
    private @Nullable String key;

    @Option(names = "--chat-model", paramLabel = "NAME", description = "Model to chat with (default: one of the list).")
    private @Nullable String chatModel;

    @Option(
            names = "--embedding-model",
            paramLabel = "NAME",
            description = "Model for embeddings (default: one of the list, by its metadata or name, else by trying).")
    private @Nullable String embeddingModel;

    @Option(
            names = "--skip",
            paramLabel = "CHECK",
            split = ",",
            description = "Checks to leave out: ${COMPLETION-CANDIDATES}.")
    private Set<SmokeRun.Check> skipped = Set.of();

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "120",
            description = "For one answer; a model may have to be loaded first (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds = 120;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "PEM certificate to trust, such as one of weir tls self-signed.")
    private @Nullable Path certificate;

    @Override
    public Integer call() {
        if (spec == null) {
            return 1;
        }
        if (timeoutSeconds < 1) {
            throw new ParameterException(spec.commandLine(), "--timeout: " + timeoutSeconds + " (expected: >= 1)");
        }
        SmokeClient client;
        try {
            client = SmokeClient.of(url, key(), Duration.ofSeconds(timeoutSeconds), certificate);
        } catch (IllegalArgumentException | IOException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        PrintWriter out = spec.commandLine().getOut();
        SmokeRun run = new SmokeRun(client, chatModel, embeddingModel, skipped, finding -> {
            out.println(finding);
            out.flush();
        });
        List<Finding> findings = run.run();
        long failed = findings.stream().filter(Finding::hasFailed).count();
        out.println(failed == 0 ? "all is well at " + url : failed + " of " + findings.size() + " failed at " + url);
        out.flush();
        return failed == 0 ? 0 : 1;
    }

    private String key() {
        if (key != null) {
            return key;
        }
        String master = System.getenv("WEIR_MASTER_KEY");
        return master == null || master.isEmpty() ? DEVELOPMENT_KEY : master;
    }
}
