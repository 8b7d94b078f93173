package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks, found models, and backends that come and go with reloads. */
class FleetWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private void awaitModel(String name) {
        Await.until(
                "model " + name + " is offered",
                () -> gateway.fleet().current().catalog().find(name) != null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama3", "llama3:latest", "LLAMA3", "Llama3:Latest"})
    void aModelFoundOnOllamaIsOfferedByOllamasRules(String asked) {
        ScriptedBackend backend =
                gateway.backend("a").onProbe(Script.ok("{\"models\": [{\"name\": \"llama3:latest\"}]}"));
        gateway.discover().start();
        awaitModel("llama3");

        assertThat(gateway.post(asked).status()).isEqualTo(200);

        assertThat(backend.awaitRequest(1).text()).contains("\"model\": \"llama3:latest\"");
    }

    @Test
    void aModelFoundOnAnOpenAiServerIsOfferedAndListed() {
        gateway.backend("a", spec -> spec.kind(BackendSpec.Kind.OPENAI))
                .onProbe(Script.ok("{\"data\": [{\"id\": \"org/Model-7B\"}]}"));
        gateway.discover().start();
        awaitModel("org/Model-7B");

        assertThat(gateway.post("org/model-7b").status()).isEqualTo(200);
        assertThat(RawClient.get(gateway.port(), "/v1/models").text()).contains("\"id\":\"org/Model-7B\"");
    }

    @Test
    void aFoundModelOfAConfiguredNameIsListedOnce() {
        gateway.backend("a").onProbe(Script.ok("{\"models\": [{\"name\": \"x:1\"}, {\"name\": \"y:1\"}]}"));
        gateway.model("x:1", "a").discover().start();
        awaitModel("y:1");

        String list = RawClient.get(gateway.port(), "/v1/models").text();

        assertThat(list.split("\"id\":\"x:1\"", -1)).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({"OLLAMA, /api/(version|tags|ps)", "OPENAI, /v1/models"})
    void checksAskForNothingThatCosts(BackendSpec.Kind kind, String paths) {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.kind(kind).health(20, 1_000, 3, 2));
        gateway.start();

        Await.until("some checks were made", () -> backend.probes().size() > 3);

        assertThat(backend.probes()).extracting(ReceivedRequest::target).allMatch(target -> target.matches(paths));
        assertThat(backend.requests()).isEmpty();
    }

    @Test
    void checksThatFailTakeABackendOutAndChecksThatPassBringItBack() {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.health(20, 1_000, 3, 2));
        backend.onProbe(Script.status(500));
        gateway.start();
        Await.until("it is down", () -> gateway.seen("a").state().equals("down"));

        backend.onProbe(Script.ok("{}"));

        Await.until("it is up", () -> gateway.seen("a").state().equals("up"));
        Await.until("both changes are told", () -> gateway.events().seen().equals(List.of("down a", "up a")));
    }

    @Test
    void aBackendThatDidNotChangeKeepsItsConnectionsThroughAReload() {
        ScriptedBackend a = gateway.backend("a");
        gateway.model("m", "a").start();
        gateway.post();
        Backend before = gateway.seen("a");
        gateway.backend("b");

        gateway.reload();
        gateway.post();

        assertThat(gateway.seen("a")).isSameAs(before);
        assertThat(a.awaitRequest(2).requestNumberOnConnection()).isEqualTo(2);
    }

    @Test
    void anotherWeightHoldsUntilTheNextReload() {
        gateway.backend("a", spec -> spec.weight(3));
        gateway.start();
        Backend a = gateway.seen("a");

        a.overrideWeight(7);
        assertThat(a.weight()).isEqualTo(7);
        gateway.reload();

        assertThat(gateway.seen("a")).isSameAs(a);
        assertThat(a.weight()).isEqualTo(3);
    }

    @Test
    void aBackendThatIsGoneFinishesWhatItHasAndKeepsNothing() {
        CountDownLatch reloaded = new CountDownLatch(1);
        ScriptedBackend a = gateway.backend("a").onRequest((request, peer) -> {
            peer.startSse();
            peer.sse("one");
            reloaded.await(5, TimeUnit.SECONDS);
            peer.sse("two");
            peer.endSse();
        });
        gateway.model("m", "a").start();
        RawClient client = gateway.ask();
        client.readHead();
        assertThat(client.readSseEvent()).isEqualTo("data: one");
        Backend before = gateway.seen("a");
        gateway.backend("b");

        gateway.without("a").model("m", "b").reload();
        reloaded.countDown();

        assertThat(client.readSseEvent()).isEqualTo("data: two");
        assertThat(client.readRest().complete()).isTrue();
        assertThat(gateway.post().header("x-weir-backend")).isEqualTo("b");
        Await.until("nothing is left of it", () -> before.inFlight() == 0 && before.idleConnections() == 0);
        a.fake().awaitOpenConnections(0);
    }
}
