package dev.weir.server.sim;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code weir sim}: a simulated language-model server until interrupted. *Blocks the caller's thread.* */
@Command(
        name = "sim",
        description = "Runs a simulated LLM server that speaks the Ollama and OpenAI APIs, for trials and load tests.",
        mixinStandardHelpOptions = true)
public final class SimCommand implements Callable<Integer> {
    private static final int OLLAMA_PORT = 11434;
    private static final int OPENAI_PORT = 8000;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--host", paramLabel = "ADDRESS", defaultValue = "127.0.0.1", description = "Address to listen on.")
    private String host = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "Port to listen on, 0 for any free one (default: 11434 as ollama, 8000 as openai).")
    private @Nullable Integer port;

    @Option(
            names = "--kind",
            paramLabel = "ollama|openai",
            defaultValue = "ollama",
            converter = KindConverter.class,
            description = "Which server to be (default: ${DEFAULT-VALUE}).")
    private SimKind kind = SimKind.OLLAMA;

    @Option(names = "--models", paramLabel = "NAME", split = ",", description = "Models it has (default: a small set).")
    private List<String> models = List.of();

    @Option(
            names = "--ttft",
            paramLabel = "TIME",
            defaultValue = "50ms",
            converter = DurationConverter.class,
            description = "Time to the first token (default: ${DEFAULT-VALUE}).")
    private Duration timeToFirstToken = Duration.ZERO;

    @Option(
            names = "--tokens-per-second",
            paramLabel = "N",
            defaultValue = "80",
            description = "Pace of one answer, 0 for as fast as possible (default: ${DEFAULT-VALUE}).")
    private double tokensPerSecond;

    @Option(
            names = "--load-time",
            paramLabel = "TIME",
            defaultValue = "0s",
            converter = DurationConverter.class,
            description = "What the first use of a model costs (default: ${DEFAULT-VALUE}).")
    private Duration loadTime = Duration.ZERO;

    @Option(
            names = "--error-rate",
            paramLabel = "N",
            defaultValue = "0",
            description = "Fraction of model requests that fail, 0 to 1 (default: ${DEFAULT-VALUE}).")
    private double errorRate;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "What texts and failures follow from (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            defaultValue = "0",
            description = "Requests one model runs at once, 0 for no limit; the rest wait (default: ${DEFAULT-VALUE}).")
    private int parallel;

    @Option(
            names = "--max-loaded",
            paramLabel = "N",
            defaultValue = "0",
            description = "Models loaded at once, 0 for no limit (default: ${DEFAULT-VALUE}).")
    private int maxLoaded;

    @Option(
            names = "--max-queue",
            paramLabel = "N",
            defaultValue = "512",
            description = "Requests that may wait before one is answered 503 (default: ${DEFAULT-VALUE}).")
    private int maxQueue;

    @Option(
            names = "--max-tokens-default",
            paramLabel = "N",
            defaultValue = "0",
            description = "Longest answer when the request names no limit, 0 for none (default: ${DEFAULT-VALUE}).")
    private int maxTokensDefault;

    @Option(names = "--api-key", paramLabel = "KEY", description = "Key to demand (default: none).")
    private @Nullable String apiKey;

    @Override
    public Integer call() {
        CommandSpec command = Objects.requireNonNull(spec, "run by picocli");
        PrintWriter out = command.commandLine().getOut();
        SimOptions options;
        try {
            options = options();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
        try (SimServer server = SimServer.start(options)) {
            String name = options.kind() == SimKind.OLLAMA ? "Ollama" : "OpenAI-compatible server";
            out.println("A simulated " + name + " listens on " + server.url() + " (stop with Ctrl-C)");
            out.flush();
            // The loops' threads are daemons: this one keeps the process alive.
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            command.commandLine().getErr().println(e.getMessage() + ": " + cause(e));
            return 1;
        }
        return 0;
    }

    /** The options given, checked. */
    SimOptions options() {
        int defaultPort = kind == SimKind.OLLAMA ? OLLAMA_PORT : OPENAI_PORT;
        return SimOptions.builder()
                .host(host)
                .port(port == null ? defaultPort : port)
                .kind(kind)
                .models(models)
                .timeToFirstToken(timeToFirstToken)
                .tokensPerSecond(tokensPerSecond)
                .loadTime(loadTime)
                .errorRate(errorRate)
                .seed(seed)
                .parallel(parallel)
                .maxLoaded(maxLoaded)
                .maxQueue(maxQueue)
                .maxTokensDefault(maxTokensDefault)
                .apiKey(apiKey)
                .build();
    }

    private static @Nullable String cause(IOException e) {
        return e.getCause() == null ? "unknown" : e.getCause().getMessage();
    }

    /** Reads {@code 50ms}, {@code 2s}. */
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            try {
                return GoDuration.parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** Reads {@code ollama}, {@code openai}. */
    static final class KindConverter implements ITypeConverter<SimKind> {
        @Override
        public SimKind convert(String value) {
            try {
                return SimKind.valueOf(value.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("kind: " + value + " (expected: ollama or openai)");
            }
        }
    }
}
