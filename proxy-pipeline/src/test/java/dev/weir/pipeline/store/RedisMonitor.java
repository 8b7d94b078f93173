package dev.weir.pipeline.store;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** What clients send to a Redis, command by command: its MONITOR. */
public final class RedisMonitor implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 20_000;

    private final Socket socket;
    private final BufferedReader lines;

    private RedisMonitor(Socket socket, BufferedReader lines) {
        this.socket = socket;
        this.lines = lines;
    }

    /** Sees everything that is sent from now on. */
    public static RedisMonitor of(RealRedis redis) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), redis.port());
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.US_ASCII));
        RedisMonitor monitor = new RedisMonitor(
                socket, new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)));
        monitor.line();
        return monitor;
    }

    /** The next command of a client, each word quoted; not what a script does. */
    public String nextArguments() throws IOException {
        String line = line();
        while (line.contains(" lua] ")) {
            line = line();
        }
        // +1700000000.123456 [0 127.0.0.1:50000] "PING"
        return line.substring(line.indexOf("] ") + 2);
    }

    private String line() throws IOException {
        String line = lines.readLine();
        if (line == null) {
            throw new IOException("redis has ended the monitor");
        }
        return line;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
