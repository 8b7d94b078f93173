package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as their users see them: what they print, and how they exit. */
class CommandLineProcessTest {
    private static final Pattern HEADER = Pattern.compile("-H '([^:]+): ([^']+)'");
    private static final Pattern URL = Pattern.compile("http://\\S+");
    private static final Pattern DATA = Pattern.compile("-d '([^']+)'");

    @TempDir
    private Path directory;

    private Path file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("weir.yaml"), yaml);
    }

    private static List<String> run(int expectedExit, String... arguments) {
        try (WeirProcess weir = WeirProcess.start(Map.of(), arguments)) {
            assertThat(weir.awaitExit()).as(weir.toString()).isEqualTo(expectedExit);
            return expectedExit == 0 ? weir.output() : weir.errors();
        }
    }

    @Test
    void versionTellsTheJavaAndTheTransport() {
        assertThat(run(0, "version"))
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("weir "),
                        line -> assertThat(line)
                                .startsWith("java " + Runtime.version().feature()),
                        line -> assertThat(line).matches("transport (epoll|nio)"));
    }

    @Test
    void checkOfAValidFileSaysSo() throws IOException {
        Path file = file("backends: {a: {url: \"http://127.0.0.1:1\"}}\npipeline: [auth, usage]\n");

        assertThat(run(0, "check", file.toString())).containsExactly(file + " is valid");
    }

    @Test
    void checkTellsEveryProblemWithItsPlace() throws IOException {
        Path file = file("backends:\n  a: {url: \"http://127.0.0.1:1\", wieght: 2}\nheartbeat: soon\n");

        assertThat(run(2, "check", file.toString()))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith(file + ":2:34: backends.a.wieght: unknown key")
                                .contains("did you mean \"weight\"?"),
                        line -> assertThat(line).startsWith(file + ":3:12: heartbeat: "));
    }

    @Test
    void checkOfAFileThatIsNotThereSaysSo() {
        assertThat(run(2, "check", directory.resolve("none.yaml").toString()))
                .singleElement()
                .asString()
                .contains("none.yaml", "no such file");
    }

    @Test
    void serveWithABrokenFileExitsAsCheckDoes() throws IOException {
        Path file = file("server: {listn: \"127.0.0.1:0\"}\n");

        assertThat(run(2, "serve", "--config", file.toString()))
                .singleElement()
                .asString()
                .startsWith(file + ":1:10: server.listn: unknown key");
    }

    @Test
    void serveOnAPortInUseSaysSoInOneLine() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Path file = file("server: {listen: \"127.0.0.1:" + taken.getLocalPort() + "\"}\n");

            assertThat(run(1, "serve", "--config", file.toString()))
                    .singleElement()
                    .asString()
                    .contains("cannot listen on", ":" + taken.getLocalPort(), "Address already in use");
        }
    }

    @Test
    void anUnknownOptionIsBadUsage() {
        assertThat(run(2, "serve", "--prot", "1")).first().asString().contains("--prot");
    }

    @Test
    void theDemosCommandsWorkAsPrinted() throws Exception {
        try (WeirProcess weir = WeirProcess.start(Map.of(), "demo", "--port", "0")) {
            weir.awaitLine(Pattern.compile("Ctrl-C"));
            List<String> commands = weir.output().stream()
                    .filter(line -> line.startsWith("curl "))
                    .toList();
            HttpClient http = HttpClient.newHttpClient();

            assertThat(commands).hasSize(7);
            for (String command : commands) {
                HttpResponse<String> answer = http.send(request(command), HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode())
                        .as(command + "\n" + answer.body())
                        .isIn(200, 201);
                assertThat(answer.body()).as(command).isNotEmpty().doesNotContain("\"error\"");
            }
            assertThat(weir.errors()).isEmpty();
            weir.signal("INT");
            assertThat(weir.awaitExit()).isZero();
        }
    }

    private static HttpRequest request(String curl) {
        Matcher url = URL.matcher(curl);
        assertThat(url.find()).as(curl).isTrue();
        Matcher data = DATA.matcher(curl);
        boolean post = data.find();
        HttpRequest.Builder request = HttpRequest.newBuilder(java.net.URI.create(url.group()))
                .timeout(WeirProcess.LIMIT)
                .method(
                        post ? "POST" : "GET",
                        post
                                ? HttpRequest.BodyPublishers.ofString(data.group(1))
                                : HttpRequest.BodyPublishers.noBody());
        Matcher header = HEADER.matcher(curl);
        while (header.find()) {
            request.header(header.group(1), header.group(2));
        }
        return request.build();
    }
}
