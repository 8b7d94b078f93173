package dev.weir.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.function.Consumer;

/** The listening socket of a {@link FakeBackend} and the daemon thread that accepts on it. */
final class BackendListener implements AutoCloseable {
    private static final int BACKLOG = 1024;
    private static final Duration LONGEST_CLOSE = Duration.ofSeconds(20);

    private final ServerSocket socket;
    private final Thread thread;

    private BackendListener(ServerSocket socket, Consumer<Socket> accepted, Consumer<IOException> failed) {
        this.socket = socket;
        this.thread = new Thread(() -> accept(accepted, failed), "fake-backend-" + socket.getLocalPort() + "-accept");
        this.thread.setDaemon(true);
    }

    /** Listens on a port of the loopback interface, 0 for any. */
    static ServerSocket bind(int port) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException("listen on port " + port + ": " + e.getMessage(), e);
        }
    }

    /** Accepts until closed; both callbacks run on the thread of the listener. */
    static BackendListener start(ServerSocket socket, Consumer<Socket> accepted, Consumer<IOException> failed) {
        BackendListener listener = new BackendListener(socket, accepted, failed);
        listener.thread.start();
        return listener;
    }

    private void accept(Consumer<Socket> accepted, Consumer<IOException> failed) {
        while (!socket.isClosed()) {
            try {
                accepted.accept(socket.accept());
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    failed.accept(e);
                    return;
                }
            }
        }
    }

    /** Returns when connects are refused: the kernel listens on until the blocked accept has let go of the socket. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Await.until(LONGEST_CLOSE, "the thread " + thread.getName() + " ends", () -> !thread.isAlive());
    }
}
