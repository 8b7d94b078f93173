package dev.weir.pipeline.store;

import dev.weir.testing.TestCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A loopback port that speaks TLS, with a certificate of its own for 127.0.0.1, and leads to a plain one. Any thread. */
final class TlsRelay implements AutoCloseable {
    private final int target;
    private final Path ca;
    private final ServerSocket listener;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger relayed = new AtomicInteger();

    private TlsRelay(int target, Path ca, ServerSocket listener) {
        this.target = target;
        this.ca = ca;
        this.listener = listener;
    }

    /** Begins to listen; {@code directory} is for the certificate, one relay to each. */
    static TlsRelay to(int target, Path directory) {
        try {
            TestCertificate certificate = TestCertificate.in(directory);
            ServerSocket listener = certificate
                    .shown()
                    .getServerSocketFactory()
                    .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
            TlsRelay relay = new TlsRelay(target, certificate.pem(), listener);
            start(relay::accept);
            return relay;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    /** The certificate, in PEM: who trusts it trusts this relay. */
    Path ca() {
        return ca;
    }

    /** How many bytes went through from clients, decrypted. */
    int relayed() {
        return relayed.get();
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "tls-relay");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket near = listener.accept();
                open.add(near);
                start(() -> serve(near));
            } catch (IOException closed) {
                // The end, or one that has gone already.
            }
        }
    }

    private void serve(Socket near) {
        try (near;
                Socket far = new Socket(InetAddress.getLoopbackAddress(), target)) {
            open.add(far);
            start(() -> copy(far, near, new AtomicInteger()));
            copy(near, far, relayed);
        } catch (IOException refused) {
            // The client sees that its connection ends.
        } finally {
            open.remove(near);
        }
    }

    private static void copy(Socket from, Socket to, AtomicInteger count) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[16 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                count.addAndGet(read);
                out.write(buffer, 0, read);
            }
        } catch (IOException over) {
            // Both are closed.
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
