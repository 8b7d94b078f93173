package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /docs}: the files of a directory, and nothing else. */
class StaticDocumentsTest {
    @TempDir
    private Path directory;

    private Path documents;
    private TestGateway gateway;

    @BeforeEach
    void start() throws IOException {
        documents = Files.createDirectory(directory.resolve("docs"));
        Files.writeString(directory.resolve("secret.txt"), "secret");
        Files.writeString(documents.resolve("guide.html"), "<h1>guide</h1>");
        Files.writeString(documents.resolve("a & b.md"), "# both");
        Files.writeString(documents.resolve(".hidden"), "secret");
        Files.createSymbolicLink(documents.resolve("out.txt"), directory.resolve("secret.txt"));
        Files.createSymbolicLink(documents.resolve("within.html"), documents.resolve("guide.html"));
        Files.createDirectory(documents.resolve("deep"));
        Files.writeString(documents.resolve("deep/index.html"), "deep page");
        gateway = TestGateway.start("server: {docs_directory: \"" + documents + "\"}\n");
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private HttpResponse<String> get(String path, String... headers) {
        return gateway.send("GET", path, "", headers);
    }

    @Test
    void theListNamesWhatIsThereAndNothingThatIsHidden() {
        HttpResponse<String> list = get("/docs/");

        assertThat(list.statusCode()).isEqualTo(200);
        assertThat(list.headers().firstValue("content-type")).hasValue("text/html; charset=utf-8");
        assertThat(list.headers().firstValue("content-security-policy")).isPresent();
        assertThat(list.body())
                .contains("<a href=\"./guide.html\">guide.html</a>", "<a href=\"./deep/\">deep/</a>")
                .contains("<a href=\"./a%20%26%20b.md\">a &amp; b.md</a>")
                .doesNotContain("hidden");
        assertThat(get("/docs").headers().firstValue("location")).hasValue("/docs/");
        assertThat(get("/docs/deep").headers().firstValue("location")).hasValue("/docs/deep/");
        assertThat(get("/docs/deep/").body()).isEqualTo("deep page");
    }

    @ParameterizedTest
    @CsvSource({
        "/docs/guide.html, text/html; charset=utf-8",
        "/docs/a%20%26%20b.md, text/markdown; charset=utf-8",
        "/docs/within.html, text/html; charset=utf-8"
    })
    void aFileHasItsType(String path, String type) {
        HttpResponse<String> answer = get(path);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).hasValue(type);
        assertThat(answer.headers().firstValue("x-content-type-options")).hasValue("nosniff");
        assertThat(answer.headers().firstValue("content-security-policy")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/docs/../secret.txt",
                "/docs/%2e%2e/secret.txt",
                "/docs/..%2fsecret.txt",
                "/docs/%2e%2e%2fsecret.txt",
                "/docs/deep/..%2f..%2fsecret.txt",
                "/docs/..%5csecret.txt",
                "/docs/%252e%252e/secret.txt",
                "/docs//etc/passwd",
                "/docs/%2fetc%2fpasswd",
                "/docs/out.txt",
                "/docs/.hidden",
                "/docs/deep/../guide.html",
                "/docs/guide.html/",
                "/docs/none.html",
                "/docs/%00"
            })
    void nothingElseIsReached(String path) {
        RawResponse answer = RawClient.get(gateway.port(), path);

        assertThat(answer.status()).as(path).isIn(400, 404);
        assertThat(answer.text()).doesNotContain("secret\n").isNotEqualTo("secret");
    }

    @Test
    void headAnswersTheSameWithoutTheBody() {
        HttpResponse<String> head = gateway.send("HEAD", "/docs/guide.html", "");

        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().firstValue("content-length")).hasValue("14");
    }

    @Test
    void whatTheClientHasIsNotSentAgain() throws IOException {
        HttpResponse<String> first = get("/docs/guide.html");
        String tag = first.headers().firstValue("etag").orElseThrow();
        String date = first.headers().firstValue("last-modified").orElseThrow();

        assertThat(get("/docs/guide.html", "if-none-match", "\"x\", W/" + tag).statusCode())
                .isEqualTo(304);
        assertThat(get("/docs/guide.html", "if-modified-since", date).statusCode())
                .isEqualTo(304);
        assertThat(get("/docs/guide.html", "if-none-match", "\"x\"", "if-modified-since", date)
                        .statusCode())
                .isEqualTo(200);
        Files.writeString(documents.resolve("guide.html"), "<h1>another guide</h1>");
        assertThat(get("/docs/guide.html", "if-none-match", tag).statusCode()).isEqualTo(200);
    }

    @Test
    void aLargeFileComesWholeAndAClientThatLeavesFreesItsPlace() throws IOException {
        String text = "0123456789abcdef".repeat(300_000);
        Files.writeString(documents.resolve("large.txt"), text);

        for (int i = 0; i < 100; i++) {
            try (RawClient client = RawClient.connect(gateway.port())) {
                client.sendRequest("GET /docs/large.txt", "");
                assertThat(client.readHead().status()).isEqualTo(200);
            }
        }
        dev.weir.testing.Await.until(
                "the places are free again", () -> get("/docs/guide.html").statusCode() == 200);
        assertThat(get("/docs/large.txt").body()).isEqualTo(text);
    }

    @Test
    void onlyReadingIsOffered() {
        assertThat(gateway.post("/docs/guide.html", "{}").statusCode()).isIn(404, 405);
    }
}
