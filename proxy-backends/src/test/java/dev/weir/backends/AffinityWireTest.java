package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that belong together meet on one backend. */
class AffinityWireTest {
    private static final int SESSIONS = 24;

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    /** What a request of session {@code %d} looks like. */
    private record Session(Affinity affinity, String path, String body, String header) {
        @Override
        public String toString() {
            return affinity + " " + body + " " + header;
        }
    }

    private static Affinity by(Affinity.By by) {
        return new Affinity(by, "");
    }

    static List<Session> sessions() {
        String chat = GatewayFixture.CHAT;
        String user = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"user\":\"u%d\"}";
        String anthropic = "{\"model\":\"m\",\"metadata\":{\"a\":1,\"user_id\":\"u%d\"},\"messages\":[]}";
        String first = "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"be brief\"},"
                + "{\"role\":\"user\",\"content\":\"question %d\"},{\"role\":\"user\",\"content\":\"and\"}]}";
        String prompt = "{\"model\":\"m\",\"prompt\":\"once %d\"}";
        String plain = "{\"model\":\"m\",\"messages\":[]}";
        return List.of(
                new Session(new Affinity(Affinity.By.HEADER, "X-Session"), chat, plain, "x-session: s%d"),
                new Session(by(Affinity.By.USER), chat, user, "x: y"),
                new Session(by(Affinity.By.USER), "/v1/messages", anthropic, "x: y"),
                new Session(by(Affinity.By.CONVERSATION), chat, plain, "X-Conversation-Id: c%d"),
                new Session(by(Affinity.By.CONVERSATION), chat, first, "x: y"),
                new Session(by(Affinity.By.CONVERSATION), "/v1/completions", prompt, "x: y"));
    }

    private void start(Affinity affinity) {
        List<ModelSpec.TargetSpec> targets = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            gateway.backend(name);
            targets.add(new ModelSpec.TargetSpec(name, "served", 1));
        }
        gateway.model(new ModelSpec(
                        "m",
                        targets,
                        List.of(),
                        Map.of(),
                        new Balancing(Balancing.Balance.WARM, affinity, 0),
                        OllamaPolicy.NONE))
                .start();
    }

    private String backendOf(String path, String body, String header) {
        return String.valueOf(RawClient.post(gateway.port(), path, body, header).header("x-weir-backend"));
    }

    @ParameterizedTest
    @MethodSource("sessions")
    void aSessionStaysOnItsBackendAndSessionsAreSpread(Session session) {
        start(session.affinity());
        Set<String> used = new HashSet<>();

        for (int i = 0; i < SESSIONS; i++) {
            String body = session.body().replace("%d", String.valueOf(i));
            String header = session.header().replace("%d", String.valueOf(i));
            String first = backendOf(session.path(), body, header);
            assertThat(backendOf(session.path(), body, header)).isEqualTo(first);
            assertThat(backendOf(session.path(), body, header)).isEqualTo(first);
            used.add(first);
        }

        assertThat(used).hasSizeGreaterThan(1);
    }

    @ParameterizedTest
    @MethodSource("sessions")
    void requestsThatBelongNowhereAreSpread(Session session) {
        start(session.affinity());
        Set<String> used = new HashSet<>();

        for (int i = 0; i < SESSIONS; i++) {
            used.add(backendOf(session.path(), "{\"model\": \"m\", \"messages\": 5}", "x: y"));
        }

        assertThat(used).hasSizeGreaterThan(1);
    }

    @Test
    void aSessionMovesWhenItsBackendIsAway() {
        start(new Affinity(Affinity.By.HEADER, "X-Session"));
        String body = GatewayFixture.body("m");
        String first = backendOf(GatewayFixture.CHAT, body, "x-session: s");
        gateway.seen(first).drain();

        String second = backendOf(GatewayFixture.CHAT, body, "x-session: s");

        assertThat(second).isNotEqualTo(first);
        gateway.seen(first).enable();
        assertThat(backendOf(GatewayFixture.CHAT, body, "x-session: s")).isEqualTo(first);
    }
}
