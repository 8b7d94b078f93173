package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.BlackHole;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a request is repeated, where, and at what cost. */
class RetryWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    /** Two backends that both begin with that script; the one asked second answers. */
    private void twoThatBegin(Script bad) {
        ScriptedBackend a = gateway.backend("a");
        ScriptedBackend b = gateway.backend("b");
        boolean[] done = {false};
        Script once = (request, peer) -> {
            boolean first;
            synchronized (done) {
                first = !done[0];
                done[0] = true;
            }
            if (first) {
                bad.run(request, peer);
            } else {
                peer.json("{\"second\": true}");
            }
        };
        a.onRequest(once);
        b.onRequest(once);
    }

    private void assertSecondAnswered(RawResponse response) {
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text()).contains("second");
        assertThat(gateway.events().seen())
                .filteredOn(event -> event.startsWith("retried"))
                .hasSize(1);
    }

    static Script[] failuresThatAreRepeated() {
        return new Script[] {
            Script.closeBeforeHead(),
            Script.resetBeforeHead(),
            Script.status(500),
            Script.status(502),
            Script.status(503),
            Script.status(504),
            (request, peer) -> {
                peer.sendRaw("HTTP/1.1 200 OK\r\ncontent-");
                peer.close();
            },
            (request, peer) -> {
                peer.sendRaw("no HTTP\r\n\r\n");
                peer.stall();
            },
        };
    }

    @ParameterizedTest
    @MethodSource("failuresThatAreRepeated")
    void aFailureBeforeTheHeadIsRepeatedElsewhere(Script failure) {
        twoThatBegin(failure);
        gateway.start();

        assertSecondAnswered(gateway.post());
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 404, 408, 422, 429, 501, 505})
    void otherErrorsAreTheAnswer(int status) {
        twoThatBegin((request, peer) -> peer.respond(status, "no"));
        gateway.start();

        assertThat(gateway.post().status()).isEqualTo(status);
        assertThat(gateway.events().seen()).isEmpty();
    }

    @Test
    void aBackendThatRefusesIsPassedOverAtNoCost() {
        gateway.settings(new BackendGroup.Settings(0, 0, 0, 256, 5_000));
        gateway.backend("a").fake().refuseConnections();
        gateway.backend("b").fake().refuseConnections();
        ScriptedBackend works = gateway.backend("c");
        gateway.start();

        for (int i = 0; i < 20; i++) {
            assertThat(gateway.post().status()).isEqualTo(200);
        }
        assertThat(works.requests()).hasSize(20);
    }

    @Test
    void aConnectTimeoutIsRepeatedElsewhere() {
        try (BlackHole hole = BlackHole.open()) {
            gateway.spec(new SpecBuilder("hole", "http://127.0.0.1:" + hole.port())
                    .connectMillis(150)
                    .weight(1000)
                    .build());
            gateway.backend("b");
            gateway.start();

            assertThat(gateway.post().header("x-weir-backend")).isEqualTo("b");
            assertThat(gateway.events().seen()).contains("failed hole connect", "retried hole");
        }
    }

    @Test
    void aLateHeadIsNotRepeated() {
        ScriptedBackend a =
                gateway.backend("a", spec -> spec.firstByteMillis(150).weight(1000));
        a.onRequest(Script.neverAnswers());
        ScriptedBackend b = gateway.backend("b");
        gateway.start();

        assertThat(gateway.post().status()).isEqualTo(504);
        assertThat(b.requests()).isEmpty();
    }

    @Test
    void nothingIsRepeatedOnceTheClientHasSeenAByte() {
        twoThatBegin(Script.closeMidBody());
        gateway.start();

        assertThat(gateway.post().complete()).isFalse();
        assertThat(gateway.events().seen()).noneMatch(event -> event.startsWith("retried"));
    }

    @Test
    void a500IsTriedOnceElsewhereAndThenTheAnswer() {
        ScriptedBackend a = gateway.backend("a").onRequest(Script.status(500));
        ScriptedBackend b = gateway.backend("b").onRequest(Script.status(500));
        ScriptedBackend c = gateway.backend("c").onRequest(Script.status(500));
        gateway.start();

        assertThat(gateway.post().status()).isEqualTo(500);
        assertThat(a.requests().size() + b.requests().size() + c.requests().size())
                .isEqualTo(2);
    }

    @Test
    void a500NeverEjects() {
        gateway.backend("a", spec -> spec.eject(1, 60_000, 60_000)).onRequest(Script.status(500));
        gateway.start();

        for (int i = 0; i < 10; i++) {
            assertThat(gateway.post().status()).isEqualTo(500);
        }
        assertThat(gateway.seen("a").state()).isEqualTo("up");
    }

    @Test
    void attemptsAreBounded() {
        gateway.settings(new BackendGroup.Settings(2, 100, 1_000, 256, 5_000));
        ScriptedBackend[] all = new ScriptedBackend[5];
        for (int i = 0; i < all.length; i++) {
            all[i] = gateway.backend("b" + i).onRequest(Script.status(503));
        }
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(503);
        int attempts = 0;
        for (ScriptedBackend backend : all) {
            attempts += backend.requests().size();
        }
        assertThat(attempts).isEqualTo(3);
    }

    @Test
    void theBudgetBoundsRetriesWhenEverythingFailsAndErrorsArePassedOnThen() {
        gateway.settings(new BackendGroup.Settings(2, 20, 3, 256, 5_000));
        ScriptedBackend a = gateway.backend("a").onRequest(Script.status(503));
        ScriptedBackend b = gateway.backend("b").onRequest(Script.status(503));
        gateway.start();

        try (RawClient client = gateway.client()) {
            for (int i = 0; i < 100; i++) {
                client.sendRequest("POST " + GatewayFixture.CHAT, GatewayFixture.body("m"));
                RawResponse response = client.readResponse();
                assertThat(response.status()).isEqualTo(503);
                assertThat(response.text()).contains("status 503");
            }
        }
        assertThat(a.requests().size() + b.requests().size()).isBetween(103, 120);
    }

    @Test
    void aStaleConnectionIsReplacedByAFreshOneToTheSameBackendAtNoCost() {
        gateway.settings(new BackendGroup.Settings(0, 0, 0, 256, 5_000));
        ScriptedBackend a = gateway.backend("a");
        gateway.start();
        assertThat(gateway.post().status()).isEqualTo(200);
        a.enqueue(Script.closeBeforeHead());

        RawResponse response = gateway.post();

        assertThat(response.status()).isEqualTo(200);
        assertThat(a.requests()).hasSize(3);
        assertThat(a.requests())
                .extracting(ReceivedRequest::requestNumberOnConnection)
                .containsExactly(1, 2, 1);
        assertThat(gateway.events().seen()).containsExactly("retried a");
        assertThat(gateway.seen("a").availability().isUp()).isTrue();
    }

    @Test
    void aReusedConnectionThatBreaksAfterTheFirstByteOfTheHeadIsAFailureLikeAnyOther() {
        ScriptedBackend a = gateway.backend("a");
        gateway.start();
        gateway.post();
        a.enqueue((request, peer) -> {
            peer.sendRaw("HTTP/1.1 2");
            peer.close();
        });

        assertThat(gateway.post().status()).isEqualTo(502);
        assertThat(a.requests()).hasSize(2);
    }

    @Test
    void aConnectionThatClosesWhileIdleIsNeverAnError() {
        gateway.settings(new BackendGroup.Settings(0, 0, 0, 256, 5_000));
        ScriptedBackend a = gateway.backend("a");
        gateway.start();
        for (int i = 0; i < 50; i++) {
            assertThat(gateway.post().status()).isEqualTo(200);
            a.fake().closeIdleConnections();
        }
        assertThat(gateway.events().seen()).noneMatch(event -> event.startsWith("failed"));
    }

    @Test
    void aRelayedRequestIsNotRepeatedOnceItWasSent() {
        ScriptedBackend a = gateway.backend("a");
        a.enqueue(Script.closeBeforeHead());
        gateway.start();

        assertThat(RawClient.post(gateway.port(), "/v1/files", "{}").status()).isEqualTo(502);
        assertThat(a.requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 503})
    void aRelayedErrorIsTheAnswer(int status) {
        gateway.backend("a").enqueue(Script.status(status));
        gateway.start();

        assertThat(RawClient.post(gateway.port(), "/v1/files", "{}").status()).isEqualTo(status);
    }

    @Test
    void aRelayedRequestUsesAFreshConnectionSoThatNothingIsStale() {
        ScriptedBackend a = gateway.backend("a");
        gateway.start();
        gateway.post();

        assertThat(RawClient.post(gateway.port(), "/v1/files", "{}").status()).isEqualTo(200);
        assertThat(a.requests())
                .extracting(ReceivedRequest::requestNumberOnConnection)
                .containsExactly(1, 1);
    }

    @Test
    void aRelayedRequestThatIsRefusedIs503() {
        gateway.backend("a").fake().refuseConnections();
        gateway.start();

        RawResponse response = RawClient.post(gateway.port(), "/v1/files", "{}");

        assertThat(response.status()).isEqualTo(503);
        assertThat(response.header("retry-after")).isNotNull();
    }
}
