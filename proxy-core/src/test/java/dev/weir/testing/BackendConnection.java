package dev.weir.testing;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One connection of a {@link FakeBackend}: reads requests and runs scripts until it ends. On a thread of its own. */
final class BackendConnection {
    private static final Duration LONGEST_IDLE = Duration.ofMinutes(5);

    private final FakeBackend backend;
    private final Wire wire;
    private final MessageReader reader;
    private final int number;
    private volatile boolean idle = true;
    private volatile @Nullable Thread thread;

    BackendConnection(FakeBackend backend, Wire wire, int number) {
        this.backend = backend;
        this.wire = wire;
        this.reader = new MessageReader(wire);
        this.number = number;
    }

    /** Ends the connection and wakes a script that waits for something else. */
    void close() {
        wire.close();
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
    }

    boolean isIdle() {
        return idle;
    }

    void closeIfIdle() {
        if (idle) {
            wire.close();
        }
    }

    @SuppressWarnings("CatchingUnchecked") // A script may throw anything, and all of it must fail the test.
    void run() {
        thread = Thread.currentThread();
        try {
            int requestNumber = 1;
            while (serve(requestNumber)) {
                requestNumber++;
            }
        } catch (PeerGone expected) {
            // The other side may leave at any time; tests see it in what did not arrive.
        } catch (Exception | AssertionError e) {
            backend.failed(e);
        } finally {
            wire.close();
            backend.ended(this);
        }
    }

    private boolean serve(int requestNumber) throws Exception {
        MessageReader.Head head = reader.readHead(Deadline.of("backend readHead", LONGEST_IDLE));
        if (!head.complete()) {
            if (!head.isEmpty()) {
                backend.brokenOff();
            }
            return false;
        }
        idle = false;
        BodyReader body = BodyReader.ofRequest(wire, head.fields());
        byte[] payload = new byte[0];
        if (backend.readsBodyFirst()) {
            sendContinueIfExpected(head);
            payload = body.readAll(Deadline.of("backend readBody", LONGEST_IDLE));
            if (!body.complete()) {
                backend.brokenOff();
                return false;
            }
        }
        ReceivedRequest request = new ReceivedRequest(head, payload, body, number, requestNumber);
        Script script = backend.nextScript();
        backend.received(request);
        script.run(request, new BackendPeer(wire, request.method(), body));
        if (wire.end() != Wire.End.OPEN || head.fields().hasToken("connection", "close")) {
            return false;
        }
        body.readAll(Deadline.of("backend readBody", LONGEST_IDLE));
        idle = true;
        return wire.end() == Wire.End.OPEN;
    }

    private void sendContinueIfExpected(MessageReader.Head head) {
        String expected = head.fields().first("expect");
        if (expected != null && expected.equalsIgnoreCase("100-continue")) {
            byte[] answer = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
            wire.write(answer, 0, answer.length, Deadline.of("backend write", Deadline.DEFAULT_TIMEOUT));
        }
    }
}
