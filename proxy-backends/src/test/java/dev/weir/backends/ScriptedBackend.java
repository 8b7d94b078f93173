package dev.weir.backends;

import dev.weir.testing.Await;
import dev.weir.testing.BackendPeer;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/** A {@link FakeBackend} whose health checks and listings of models stand apart from the requests that tests script. */
final class ScriptedBackend implements AutoCloseable {
    private final FakeBackend fake = FakeBackend.start();
    private final Queue<Script> scripts = new ConcurrentLinkedQueue<>();
    private final List<ReceivedRequest> requests = new CopyOnWriteArrayList<>();
    private final List<ReceivedRequest> probes = new CopyOnWriteArrayList<>();
    private volatile Script defaultScript = Script.ok("{}");
    private volatile Script loadedScript = Script.status(404);
    private volatile Script probeScript = Script.ok("{\"version\": \"0\", \"models\": [], \"data\": []}");

    ScriptedBackend() {
        fake.onRequest(this::serve);
    }

    private void serve(ReceivedRequest request, BackendPeer peer) throws Exception {
        if (request.method().equals("GET") && request.target().matches(".*/(api/version|api/tags|api/ps|v1/models)")) {
            probes.add(request);
            (request.target().endsWith("/api/ps") ? loadedScript : probeScript).run(request, peer);
            return;
        }
        Script queued = scripts.poll();
        requests.add(request);
        (queued == null ? defaultScript : queued).run(request, peer);
    }

    FakeBackend fake() {
        return fake;
    }

    ScriptedBackend onRequest(Script script) {
        defaultScript = script;
        return this;
    }

    ScriptedBackend onProbe(Script script) {
        probeScript = script;
        return this;
    }

    /** What it says of the models in its memory; nothing unless set. */
    ScriptedBackend onLoaded(Script script) {
        loadedScript = script;
        return this;
    }

    ScriptedBackend enqueue(Script... more) {
        scripts.addAll(List.of(more));
        return this;
    }

    List<ReceivedRequest> requests() {
        return List.copyOf(requests);
    }

    List<ReceivedRequest> probes() {
        return List.copyOf(probes);
    }

    /** Waits for the request of that number, from 1, and returns it. */
    ReceivedRequest awaitRequest(int number) {
        Await.until("request " + number + " reaches the backend", () -> requests.size() >= number);
        return requests.get(number - 1);
    }

    @Override
    public void close() {
        fake.close();
    }
}
