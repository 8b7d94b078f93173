package dev.weir.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/** Free ports of this machine, below those that the kernel gives to connections. Any thread. */
final class Ports {
    private static final int FIRST = 21_000;
    private static final int LAST = 31_000;
    private static final AtomicInteger NEXT = new AtomicInteger(FIRST);

    private Ports() {}

    static int next() throws IOException {
        for (int port = NEXT.getAndIncrement(); port <= LAST; port = NEXT.getAndIncrement()) {
            if (isFree(port)) {
                return port;
            }
        }
        throw new IOException("no free port between " + FIRST + " and " + LAST);
    }

    private static boolean isFree(int port) {
        try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return free.isBound();
        } catch (IOException e) {
            return false; // somebody else's
        }
    }
}
