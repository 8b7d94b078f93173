package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Options, durations, names, and the command line that sets them. */
class SimOptionsTest {
    private static SimOptions parse(String... args) {
        SimCommand command = new SimCommand();
        new CommandLine(command).parseArgs(args);
        return command.options();
    }

    @Test
    void commandLineSetsEveryOption() {
        SimOptions options = parse(
                "--host=0.0.0.0",
                "--port=1234",
                "--kind=openai",
                "--models=a,b:1b",
                "--ttft=20ms",
                "--tokens-per-second=30.5",
                "--load-time=2s",
                "--error-rate=0.01",
                "--seed=9",
                "--parallel=2",
                "--max-loaded=3",
                "--max-queue=4",
                "--max-tokens-default=50",
                "--api-key=sk-x");

        assertThat(options)
                .isEqualTo(SimOptions.builder()
                        .host("0.0.0.0")
                        .port(1234)
                        .kind(SimKind.OPENAI)
                        .models("a", "b:1b")
                        .timeToFirstToken(Duration.ofMillis(20))
                        .tokensPerSecond(30.5)
                        .loadTime(Duration.ofSeconds(2))
                        .errorRate(0.01)
                        .seed(9)
                        .parallel(2)
                        .maxLoaded(3)
                        .maxQueue(4)
                        .maxTokensDefault(50)
                        .apiKey("sk-x")
                        .build());
        assertThat(options.toBuilder().build()).isEqualTo(options);
    }

    @Test
    void commandLineDefaultsAreTheOptionsDefaults() {
        assertThat(parse().toBuilder().port(0).build()).isEqualTo(SimOptions.defaults());
        assertThat(parse().port()).isEqualTo(11434);
        assertThat(parse("--kind", "OpenAI").port()).isEqualTo(8000);
    }

    @Test
    void badUsageIsExplainedAndExitsWithTwo() {
        StringWriter err = new StringWriter();
        CommandLine line = new CommandLine(new SimCommand()).setErr(new PrintWriter(err));

        assertThat(line.execute("--error-rate=2")).isEqualTo(2);
        assertThat(line.execute("--ttft=fast")).isEqualTo(2);
        assertThat(line.execute("--kind=llama")).isEqualTo(2);
        assertThat(err.toString())
                .contains("errorRate: 2.0 (expected: 0 to 1)")
                .contains("duration: fast (expected: for example 50ms, 2s, 1h30m)")
                .contains("kind: llama (expected: ollama or openai)");
    }

    @Test
    void occupiedPortIsExplainedAndExitsWithOne() throws Exception {
        StringWriter err = new StringWriter();
        try (SimServer server = SimServer.start(SimOptions.instant(SimKind.OLLAMA))) {
            CommandLine line = new CommandLine(new SimCommand()).setErr(new PrintWriter(err));

            assertThat(line.execute("--port=" + server.port())).isEqualTo(1);
            assertThat(err.toString()).contains("cannot listen on 127.0.0.1:" + server.port());
        }
    }

    @Test
    void commandServesUntilInterrupted() throws Exception {
        StringWriter out = new StringWriter();
        CommandLine line = new CommandLine(new SimCommand()).setOut(new PrintWriter(out));
        AtomicInteger exit = new AtomicInteger(-1);
        Thread command = new Thread(() -> exit.set(line.execute("--port=0", "--kind=openai")));
        command.start();
        Pattern address = Pattern.compile("listens on (http://127\\.0\\.0\\.1:\\d+) \\(stop with Ctrl-C\\)");
        SimClient.await("address", () -> address.matcher(out.toString()).find());
        command.interrupt();
        command.join(10_000);

        assertThat(exit).hasValue(0);
    }

    @Test
    void durationsAreReadAsGoWritesThem() {
        assertThat(GoDuration.parse("1h30m")).isEqualTo(Duration.ofMinutes(90));
        assertThat(GoDuration.parse("1.5s")).isEqualTo(Duration.ofMillis(1500));
        assertThat(GoDuration.parse("-1m")).isEqualTo(Duration.ofMinutes(-1));
        assertThat(GoDuration.parse("0")).isEqualTo(Duration.ZERO);
        assertThatThrownBy(() -> GoDuration.parse("5")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void namesAreNormalisedAsOllamaDoes() {
        assertThat(ModelName.normalize("Llama3")).isEqualTo("llama3:latest");
        assertThat(ModelName.normalize("registry.ollama.ai/library/phi3:mini")).isEqualTo("phi3:mini");
        assertThat(ModelName.normalize("host:5000/team/m")).isEqualTo("host:5000/team/m:latest");
    }
}
