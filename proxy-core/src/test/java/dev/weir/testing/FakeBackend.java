package dev.weir.testing;

import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An origin server on a raw socket that misbehaves on command: a {@link Script} for each request, those of
 * {@link #enqueue} first, then that of {@link #onRequest}. A thread for each connection. {@link #close} fails when a
 * script failed or a request was no HTTP. <em>Any thread.</em>
 */
public final class FakeBackend implements AutoCloseable {
    private static final int MAX_REQUESTS = 10_000;

    private final Queue<Script> scripts = new ConcurrentLinkedQueue<>();
    private final List<ReceivedRequest> requests = new CopyOnWriteArrayList<>();
    private final List<BackendConnection> connections = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger brokenOffRequests = new AtomicInteger();
    private final int port;
    private volatile Script defaultScript = Script.ok("{}");
    private volatile boolean answerBeforeBody;
    private volatile boolean closed;
    private @Nullable BackendListener listener;

    private FakeBackend(int port) {
        this.port = port;
    }

    /** Listens on a free port of the loopback interface and answers {@code {}} until told otherwise. */
    public static FakeBackend start() {
        ServerSocket socket = BackendListener.bind(0);
        FakeBackend backend = new FakeBackend(socket.getLocalPort());
        backend.acceptOn(socket);
        return backend;
    }

    /** The port it listens on, the same for life. */
    public int port() {
        return port;
    }

    /** {@code http://127.0.0.1:port}. */
    public String url() {
        return "http://127.0.0.1:" + port;
    }

    /** Sets what happens to every request that finds no queued script. */
    public FakeBackend onRequest(Script script) {
        defaultScript = script;
        return this;
    }

    /** Adds scripts that are used once each, in order, whichever connection the requests come on. */
    public FakeBackend enqueue(Script... more) {
        scripts.addAll(List.of(more));
        return this;
    }

    /** Runs scripts as soon as a head is there; they read the body themselves, or do not. Set it before any request. */
    public FakeBackend answerBeforeBody() {
        answerBeforeBody = true;
        return this;
    }

    /** The requests so far, in the order in which they were complete; the first 10,000. */
    public List<ReceivedRequest> requests() {
        return List.copyOf(requests);
    }

    /** Waits for the request of that number, from 1, and returns it. */
    public ReceivedRequest awaitRequest(int number) {
        Await.until(
                Deadline.DEFAULT_TIMEOUT,
                "request " + number + " reaches the backend on port " + port,
                () -> requests.size() >= number);
        return requests.get(number - 1);
    }

    /** How many requests broke off before they were complete. */
    public int brokenOffRequests() {
        return brokenOffRequests.get();
    }

    /** How many connections are open now, as far as the threads have seen. */
    public int openConnections() {
        return connections.size();
    }

    /** How many connections were ever accepted. */
    public int acceptedConnections() {
        return accepted.get();
    }

    /** Waits until that many connections are open. */
    public void awaitOpenConnections(int count) {
        Await.until(
                Deadline.DEFAULT_TIMEOUT,
                count + " connections are open at the backend on port " + port,
                () -> connections.size() == count);
    }

    /** Stops listening: from then on the kernel answers an RST to who connects. Open connections stay. */
    public synchronized void refuseConnections() {
        if (listener != null) {
            listener.close();
            listener = null;
        }
    }

    /** Listens again on the same port. */
    public synchronized void acceptAgain() {
        if (listener == null) {
            acceptOn(BackendListener.bind(port));
        }
    }

    /** Waits until that many connections are open on which no script runs. */
    public void awaitIdleConnections(int count) {
        Await.until(
                Deadline.DEFAULT_TIMEOUT,
                count + " connections are idle at the backend on port " + port,
                () -> connections.stream().filter(BackendConnection::isIdle).count() == count);
    }

    /** Closes, with a FIN, the connections on which no script runs; {@link #awaitIdleConnections} makes it exact. */
    public void closeIdleConnections() {
        for (BackendConnection connection : connections) {
            connection.closeIfIdle();
        }
    }

    /** What went wrong in scripts and requests so far; {@link #close} fails when there is any. */
    public List<Throwable> failures() {
        return List.copyOf(failures);
    }

    /** Forgets the failures, for tests that provoke them. */
    public void clearFailures() {
        failures.clear();
    }

    @Override
    public void close() {
        closed = true;
        refuseConnections();
        for (BackendConnection connection : connections) {
            connection.close();
        }
        Await.until(Duration.ofSeconds(20), "the connections of the backend end", connections::isEmpty);
        if (!failures.isEmpty()) {
            AssertionError error = new AssertionError("the backend on port " + port + " failed: " + failures);
            failures.forEach(error::addSuppressed);
            throw error;
        }
    }

    boolean readsBodyFirst() {
        return !answerBeforeBody;
    }

    Script nextScript() {
        Script queued = scripts.poll();
        return queued == null ? defaultScript : queued;
    }

    void received(ReceivedRequest request) {
        if (requests.size() < MAX_REQUESTS) {
            requests.add(request);
        }
    }

    void brokenOff() {
        brokenOffRequests.incrementAndGet();
    }

    /** After {@link #close} has begun, what threads meet is its doing. */
    void failed(Throwable failure) {
        if (!closed) {
            failures.add(failure);
        }
    }

    void ended(BackendConnection connection) {
        connections.remove(connection);
    }

    private synchronized void acceptOn(ServerSocket socket) {
        listener = BackendListener.start(socket, this::accepted, this::failed);
    }

    private void accepted(Socket socket) {
        int number = accepted.incrementAndGet();
        BackendConnection connection = new BackendConnection(this, new Wire(socket), number);
        connections.add(connection);
        if (closed) {
            connection.close();
        }
        Thread thread = new Thread(connection::run, "fake-backend-" + port + "-" + number);
        thread.setDaemon(true);
        thread.start();
    }
}
