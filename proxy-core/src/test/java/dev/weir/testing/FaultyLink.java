package dev.weir.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A loopback port that leads to another one, as a network that can go wrong does: it may hold everything, take its time, or
 * cut connections. What is held is delivered when it passes again, as TCP does after an interruption. <em>Any thread.</em>
 */
public final class FaultyLink implements AutoCloseable {
    private final int target;
    private final ServerSocket listener;
    private final Set<Pair> pairs = ConcurrentHashMap.newKeySet();

    /** The three are guarded by this. */
    private boolean holding;

    private long delayMillis;
    private boolean cuttingAnswers;

    /** Two sockets whose bytes go to each other. */
    private record Pair(Socket near, Socket far) {
        void reset() {
            for (Socket socket : new Socket[] {near, far}) {
                try {
                    socket.setSoLinger(true, 0);
                    socket.close();
                } catch (IOException gone) {
                    // It is closed, which is what was wanted.
                }
            }
        }
    }

    private FaultyLink(int target) throws IOException {
        this.target = target;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start("accept", this::accept);
    }

    /** A link to a port of the loopback interface, in order so far. */
    public static FaultyLink to(int port) {
        try {
            return new FaultyLink(port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it begins. */
    public int port() {
        return listener.getLocalPort();
    }

    /** Everything passes at once again, what was held too. */
    public synchronized void pass() {
        holding = false;
        delayMillis = 0;
        cuttingAnswers = false;
        notifyAll();
    }

    /** Nothing passes any more, in either direction; connections are accepted and stay silent. */
    public synchronized void hold() {
        holding = true;
    }

    /** Whatever is answered comes so much later. */
    public synchronized void delay(Duration delay) {
        delayMillis = delay.toMillis();
        notifyAll();
    }

    /** What is asked arrives, but the connection is reset instead of answered. */
    public synchronized void cutAnswers() {
        cuttingAnswers = true;
    }

    /** Resets all connections there are. */
    public void cut() {
        pairs.forEach(Pair::reset);
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, "faulty-link-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket near = listener.accept();
                try {
                    Pair pair = new Pair(near, new Socket(InetAddress.getLoopbackAddress(), target));
                    near.setTcpNoDelay(true);
                    pair.far().setTcpNoDelay(true);
                    pairs.add(pair);
                    start("out", () -> pump(pair, near, pair.far(), false));
                    start("back", () -> pump(pair, pair.far(), near, true));
                } catch (IOException targetIsAway) {
                    near.setSoLinger(true, 0);
                    near.close();
                }
            }
        } catch (IOException closed) {
            cut();
        }
    }

    private void pump(Pair pair, Socket from, Socket to, boolean answers) {
        byte[] bytes = new byte[64 * 1024];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                if (!mayPass(answers)) {
                    pair.reset();
                    return;
                }
                out.write(bytes, 0, read);
            }
        } catch (IOException oneSideIsGone) {
            // The other is closed with it.
        } finally {
            pairs.remove(pair);
        }
    }

    /** Waits until it may go on; false if it is to be cut instead. */
    private boolean mayPass(boolean answer) {
        long delay;
        synchronized (this) {
            try {
                while (holding) {
                    wait();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
            if (answer && cuttingAnswers) {
                return false;
            }
            delay = answer ? delayMillis : 0;
        }
        Await.pauseNanos(Duration.ofMillis(delay).toNanos());
        return true;
    }

    @Override
    public void close() {
        pass();
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cut();
    }
}
