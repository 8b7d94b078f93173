package dev.weir.server.sim;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What a simulated server has seen. *Any thread.* */
public final class SimStats {
    private static final int MAX_PATHS = 256;
    private static final int MAX_RECORDED = 64;
    private static final long MAX_RECORDED_BYTES = 32L << 20;

    private final AtomicLong requests = new AtomicLong();
    private final Map<String, AtomicLong> requestsByPath = new ConcurrentHashMap<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicLong cancelled = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong connections = new AtomicLong();
    private final AtomicInteger openConnections = new AtomicInteger();
    private final ArrayDeque<RecordedRequest> recorded = new ArrayDeque<>();
    private long recordedBytes;

    SimStats() {}

    public long requests() {
        return requests.get();
    }

    /** Requests for a path, without query, as {@code /api/chat}. */
    public long requests(String path) {
        AtomicLong count = requestsByPath.get(path);
        return count == null ? 0 : count.get();
    }

    /** Requests whose answer has not ended. */
    public int inFlight() {
        return inFlight.get();
    }

    /** Requests whose client left before the end of the answer. */
    public long cancelled() {
        return cancelled.get();
    }

    /** Requests failed on purpose, by the error rate. */
    public long failed() {
        return failed.get();
    }

    /** Connections ever accepted. */
    public long connections() {
        return connections.get();
    }

    public int openConnections() {
        return openConnections.get();
    }

    /** The last requests received, oldest first; bounded in number and bytes. */
    public List<RecordedRequest> recorded() {
        synchronized (recorded) {
            return List.copyOf(recorded);
        }
    }

    public Optional<RecordedRequest> lastRequest() {
        synchronized (recorded) {
            return Optional.ofNullable(recorded.peekLast());
        }
    }

    void connectionOpened() {
        connections.incrementAndGet();
        openConnections.incrementAndGet();
    }

    void connectionClosed() {
        openConnections.decrementAndGet();
    }

    void requestStarted(String path, RecordedRequest request) {
        inFlight.incrementAndGet();
        requests.incrementAndGet();
        AtomicLong count = requestsByPath.get(path);
        if (count == null && requestsByPath.size() < MAX_PATHS) {
            count = requestsByPath.computeIfAbsent(path, key -> new AtomicLong());
        }
        if (count != null) {
            count.incrementAndGet();
        }
        synchronized (recorded) {
            recorded.add(request);
            recordedBytes += request.bodyLength();
            while (recorded.size() > MAX_RECORDED || (recorded.size() > 1 && recordedBytes > MAX_RECORDED_BYTES)) {
                recordedBytes -= recorded.remove().bodyLength();
            }
        }
    }

    void requestEnded(boolean clientLeft) {
        inFlight.decrementAndGet();
        if (clientLeft) {
            cancelled.incrementAndGet();
        }
    }

    void requestFailed() {
        failed.incrementAndGet();
    }
}
