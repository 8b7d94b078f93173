package dev.weir.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A blocking socket whose reads and writes have deadlines, and which tells a FIN from an RST. One thread may read while
 * another writes; {@link #close} and {@link #reset} come from <em>any thread</em>.
 */
final class Wire implements AutoCloseable {
    /** How the peer ended the connection, as far as it was seen. */
    enum End {
        OPEN,
        FIN,
        RESET,
        CLOSED_HERE
    }

    /** A blocked write knows no timeout; closing the socket is the only way to end it. */
    private static final ScheduledThreadPoolExecutor WATCHDOG = watchdog();

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final Transcript transcript = new Transcript();
    private final byte[] buffer = new byte[16 * 1024];
    private final AtomicInteger writes = new AtomicInteger();
    private int position;
    private int limit;
    private boolean readEnded;
    private volatile End end = End.OPEN;

    Wire(Socket socket) {
        try {
            socket.setTcpNoDelay(true);
            this.in = socket.getInputStream();
            this.out = socket.getOutputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.socket = socket;
    }

    private static ScheduledThreadPoolExecutor watchdog() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "wire-watchdog");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }

    Socket socket() {
        return socket;
    }

    End end() {
        return end;
    }

    long receivedBytes() {
        return transcript.count();
    }

    /** The next byte, or -1 at the end of the connection. */
    int read(Deadline deadline) {
        return position < limit || fill(deadline) ? buffer[position++] & 0xff : -1;
    }

    /** At least one byte unless the connection has ended; at most {@code maxBytes}. */
    byte[] readSome(int maxBytes, Deadline deadline) {
        if (position == limit && !fill(deadline)) {
            return new byte[0];
        }
        int length = Math.min(maxBytes, limit - position);
        byte[] bytes = new byte[length];
        System.arraycopy(buffer, position, bytes, 0, length);
        position += length;
        return bytes;
    }

    /** Drops whatever comes until the connection ends. */
    End awaitEnd(Deadline deadline) {
        position = limit;
        while (fill(deadline)) {
            position = limit;
        }
        return settledEnd(deadline);
    }

    /** Whether a byte came, or the connection ended, within the time. */
    boolean stirs(Duration time) {
        if (position < limit) {
            return true;
        }
        Deadline deadline = Deadline.of("stirs", time);
        try {
            fillOrTimeOut(deadline);
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    private boolean fill(Deadline deadline) {
        try {
            return fillOrTimeOut(deadline);
        } catch (SocketTimeoutException e) {
            throw failure(
                    deadline.operation() + ": not done within "
                            + deadline.timeout().toMillis() + " ms",
                    e);
        }
    }

    private boolean fillOrTimeOut(Deadline deadline) throws SocketTimeoutException {
        if (readEnded || end == End.CLOSED_HERE) {
            return false;
        }
        int remainingMillis = deadline.remainingMillis();
        if (remainingMillis == 0) {
            throw new SocketTimeoutException();
        }
        try {
            socket.setSoTimeout(remainingMillis);
            int length = in.read(buffer, 0, buffer.length);
            if (length < 0) {
                readEnded = true;
                endSeen(End.FIN);
                return false;
            }
            position = 0;
            limit = length;
            transcript.add(buffer, 0, length);
            return true;
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            readEnded = true;
            endSeen(isReset(e) ? End.RESET : End.FIN);
            return false;
        }
    }

    /** To an RST that follows a FIN, Linux says "broken pipe" instead. */
    private static boolean isReset(IOException e) {
        return String.valueOf(e.getMessage()).startsWith("Connection reset");
    }

    /** After {@link #close} every error is the work of this side; an RST makes a FIN out to be a mistake. */
    private synchronized void endSeen(End seen) {
        if (end == End.OPEN) {
            end = socket.isClosed() ? End.CLOSED_HERE : seen;
        } else if (end == End.FIN && seen == End.RESET) {
            end = seen;
        }
    }

    /**
     * The end when the last byte was read. The kernel tells of a reset once, to whoever touches the socket first; when
     * that is the thread that writes, the reader sees what looks like a FIN until that thread has spoken.
     */
    End settledEnd(Deadline deadline) {
        while (end == End.FIN && writes.get() > 0 && deadline.remainingMillis() > 0) {
            Await.pauseNanos(200_000);
        }
        return end;
    }

    /** Writes all; throws {@link PeerGone} when the connection has ended. */
    void write(byte[] bytes, int offset, int length, Deadline deadline) {
        int remainingMillis = deadline.remainingMillis();
        if (remainingMillis == 0) {
            throw failure(deadline.operation() + ": no time left", null);
        }
        writes.incrementAndGet();
        ScheduledFuture<?> watch = WATCHDOG.schedule(this::close, remainingMillis, TimeUnit.MILLISECONDS);
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            if (watch.isDone()) {
                throw failure(
                        deadline.operation() + ": the peer did not take the bytes within "
                                + deadline.timeout().toMillis() + " ms; connection closed",
                        e);
            }
            // What came before the end can still be read, so this is not the end of reading.
            if (isReset(e)) {
                endSeen(End.RESET);
            }
            throw new PeerGone(deadline.operation() + ": " + e.getMessage(), e);
        } finally {
            watch.cancel(false);
            writes.decrementAndGet();
        }
    }

    /** Sends a FIN and goes on reading. */
    void shutdownOutput() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new PeerGone("shutdownOutput: " + e.getMessage(), e);
        }
    }

    /** Sends an RST, dropping what was not sent yet. */
    void reset() {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            // Already closed: nothing is left to reset.
            return;
        }
        close();
    }

    @Override
    public void close() {
        try {
            socket.close();
            endSeen(End.CLOSED_HERE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    AssertionError failure(String message, @Nullable Throwable cause) {
        return new AssertionError(message + "; connection " + end + "; " + transcript, cause);
    }
}
