package dev.weir.backends;

import dev.weir.core.Timeout;
import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * The one time limit that holds on a connection at a time: until an answer begins, between its parts, while idle; and behind
 * each of those of an answer the one for all of it. Runs on the event loop.
 */
final class ConnectionTimeouts {
    private final Timeout timeout;
    private BackendSpec.Timeouts limits;
    private long totalDeadlineNanos;

    /** @param onExpired runs on {@code eventLoop} when a limit has passed */
    ConnectionTimeouts(EventLoop eventLoop, BackendSpec.Timeouts limits, Runnable onExpired) {
        this.limits = limits;
        this.timeout = new Timeout(eventLoop, onExpired);
    }

    /** Has other limits hold from the next request on. */
    void limits(BackendSpec.Timeouts others) {
        limits = others;
    }

    /** A request begins, and with it the time for everything. */
    void begin() {
        totalDeadlineNanos = timeout.nowNanos() + TimeUnit.MILLISECONDS.toNanos(limits.totalMillis());
    }

    /**
     * The time for the head runs once the request is out; before that, while the backend does not take what is there.
     *
     * @param sent whether the whole request was written
     * @param writable whether the connection takes more of it
     */
    void awaitHead(boolean sent, boolean writable) {
        if (sent) {
            await(limits.firstByteMillis());
        } else if (writable) {
            timeout.clear();
        } else {
            await(limits.idleMillis());
        }
    }

    /** The next part of the answer has to come in time. */
    void awaitPart() {
        await(limits.idleMillis());
    }

    /** Whether the time for everything is over. */
    boolean isOver() {
        return timeout.nowNanos() - totalDeadlineNanos >= 0;
    }

    /** The connection is idle. */
    void idle(long millis) {
        timeout.set(millis);
    }

    /** Nothing is waited for while the client takes nothing. */
    void pause() {
        timeout.clear();
    }

    /** Nothing is waited for any more. */
    void close() {
        timeout.close();
    }

    /** Waits for {@code millis}, or what is left of the time for everything; at least 1, for 0 would be for ever. */
    private void await(long millis) {
        long now = timeout.nowNanos();
        long left = TimeUnit.NANOSECONDS.toMillis(totalDeadlineNanos - now);
        timeout.set(Math.max(1, Math.min(left, millis)), now);
    }
}
