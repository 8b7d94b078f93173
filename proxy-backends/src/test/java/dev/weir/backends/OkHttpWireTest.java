package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Another HTTP implementation on both sides: what our own test kit and our own codec might agree on wrongly. */
class OkHttpWireTest {
    private static final MediaType JSON = MediaType.get("application/json");
    private static final String CHAT = "{\"model\":\"m\",\"messages\":[]}";

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final MockWebServer backend = new MockWebServer();
    private final BlockingQueue<MockResponse> answers = new LinkedBlockingQueue<>();
    private final OkHttpClient client =
            new OkHttpClient.Builder().retryOnConnectionFailure(false).build();

    @BeforeEach
    void start() throws IOException {
        backend.setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
                return request.getMethod().equals("GET")
                        ? new MockResponse.Builder().body("{}").build()
                        : answers.take();
            }
        });
        backend.start();
        gateway.spec(new SpecBuilder("ok", backend.url("/").toString())
                        .health(3_600_000, 1, 3, 2)
                        .build())
                .start();
    }

    @AfterEach
    void stop() {
        client.connectionPool().evictAll();
        client.dispatcher().executorService().shutdown();
        backend.close();
    }

    private Response chat() throws IOException {
        Request request = new Request.Builder()
                .url("http://127.0.0.1:" + gateway.port() + GatewayFixture.CHAT)
                .post(RequestBody.create(CHAT, JSON))
                .build();
        return client.newCall(request).execute();
    }

    /** The next request for inference: checks come first. */
    private RecordedRequest received() throws InterruptedException {
        while (true) {
            RecordedRequest request = backend.takeRequest(10, TimeUnit.SECONDS);
            assertThat(request).isNotNull();
            if (request != null && request.getMethod().equals("POST")) {
                return request;
            }
        }
    }

    @Test
    void aRequestArrivesWholeAndItsAnswerComesBack() throws Exception {
        answers.add(new MockResponse.Builder()
                .addHeader("Content-Type", "application/json")
                .body("{\"fine\":true}")
                .build());

        try (Response answer = chat()) {
            assertThat(answer.code()).isEqualTo(200);
            assertThat(answer.body().string()).isEqualTo("{\"fine\":true}");
            assertThat(answer.header("x-weir-backend")).isEqualTo("ok");
        }
        RecordedRequest received = received();
        assertThat(received.getBody()).isNotNull();
        assertThat(received.getBody().utf8()).isEqualTo(CHAT.replace("\"m\"", "\"served\""));
        assertThat(received.getHeaders().get("Content-Length"))
                .isEqualTo(Long.toString(received.getBody().size()));
    }

    @Test
    void smallChunksAndTrailersAreUnderstood() throws Exception {
        answers.add(new MockResponse.Builder()
                .chunkedBody("a".repeat(10_000), 7)
                .trailers(okhttp3.Headers.of("x-checksum", "1"))
                .build());

        try (Response answer = chat()) {
            assertThat(answer.body().string()).isEqualTo("a".repeat(10_000));
        }
    }

    @Test
    void aThrottledAnswerArrivesWhole() throws Exception {
        answers.add(new MockResponse.Builder()
                .body("b".repeat(4_000))
                .throttleBody(1_000, 20, TimeUnit.MILLISECONDS)
                .build());

        try (Response answer = chat()) {
            assertThat(answer.body().string()).hasSize(4_000);
        }
    }

    @Test
    void aConnectionCutInTheMiddleOfABodyIsACutForTheClient() throws Exception {
        answers.add(new MockResponse.Builder()
                .body("c".repeat(100_000))
                .onResponseBody(new SocketEffect.CloseSocket())
                .build());

        assertThatThrownBy(() -> {
                    try (Response answer = chat()) {
                        answer.body().bytes();
                    }
                })
                .isInstanceOf(IOException.class);
    }

    @Test
    void connectionsOnBothSidesServeMoreThanOneRequest() throws Exception {
        for (int i = 0; i < 5; i++) {
            answers.add(new MockResponse.Builder().body("{}").build());
        }

        for (int i = 0; i < 5; i++) {
            try (Response answer = chat()) {
                assertThat(answer.body().string()).isEqualTo("{}");
            }
        }

        for (int i = 0; i < 4; i++) {
            received();
        }
        assertThat(received().getExchangeIndex()).isEqualTo(4);
        assertThat(client.connectionPool().connectionCount()).isEqualTo(1);
    }
}
