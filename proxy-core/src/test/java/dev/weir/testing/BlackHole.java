package dev.weir.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/**
 * A loopback port on which a connect gets no answer at all: a listener that never accepts and whose queue is full, so
 * that Linux drops every further SYN (unless {@code net.ipv4.tcp_abort_on_overflow} is set).
 */
public final class BlackHole implements AutoCloseable {
    private static final int MAX_FILLERS = 16;
    private static final int UNANSWERED_AFTER_MILLIS = 100;

    private final List<Socket> fillers = new ArrayList<>();
    private final ServerSocket listener;

    private BlackHole() throws IOException {
        this.listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }

    /** Fills the queue of a new listener until a connect goes unanswered. */
    public static BlackHole open() {
        try {
            BlackHole hole = new BlackHole();
            if (!hole.fill()) {
                hole.close();
                throw new AssertionError("connects were answered " + MAX_FILLERS + " times (expected: a full queue)");
            }
            return hole;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The port. */
    public int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket filler : fillers) {
                filler.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean fill() throws IOException {
        for (int i = 0; i < MAX_FILLERS; i++) {
            Socket filler = new Socket();
            fillers.add(filler);
            try {
                filler.connect(
                        new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort()),
                        UNANSWERED_AFTER_MILLIS);
            } catch (SocketTimeoutException e) {
                return true;
            }
        }
        return false;
    }
}
