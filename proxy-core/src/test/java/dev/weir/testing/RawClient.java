package dev.weir.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A client that sends exactly the bytes it is told and shows exactly the bytes that come back. Every operation has a
 * deadline (five seconds unless set) and fails with what was received so far. Not reading is how to pause reading.
 * For one thread; {@link #close} and {@link #reset} for any.
 */
public final class RawClient implements AutoCloseable {
    private final Wire wire;
    private final MessageReader reader;
    private final SseReader events = new SseReader();
    private Duration timeout = Deadline.DEFAULT_TIMEOUT;
    private MessageReader.@Nullable Head head;
    private @Nullable BodyReader body;

    private RawClient(Wire wire) {
        this.wire = wire;
        this.reader = new MessageReader(wire);
    }

    /** Connects to a port of the loopback interface. */
    public static RawClient connect(int port) {
        return connect(port, 0);
    }

    /** Connects with a receive buffer of that size (the kernel may double it), so that not reading is soon felt. */
    public static RawClient connect(int port, int receiveBufferBytes) {
        Socket socket = new Socket();
        try {
            if (receiveBufferBytes > 0) {
                socket.setReceiveBufferSize(receiveBufferBytes);
            }
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int)
                    Deadline.DEFAULT_TIMEOUT.toMillis());
            return new RawClient(new Wire(socket));
        } catch (IOException e) {
            throw new UncheckedIOException("connect to port " + port + ": " + e.getMessage(), e);
        }
    }

    /** One GET on a connection of its own; header fields as {@code "name: value"}. */
    public static RawResponse get(int port, String path, String... headers) {
        return exchange(port, "GET " + path, "", headers);
    }

    /** One POST of JSON on a connection of its own; header fields as {@code "name: value"}. */
    public static RawResponse post(int port, String path, String json, String... headers) {
        return exchange(port, "POST " + path, json, headers);
    }

    private static RawResponse exchange(int port, String methodAndPath, String json, String... headers) {
        try (RawClient client = connect(port)) {
            client.sendRequest(methodAndPath, json, headers);
            return client.readResponse();
        }
    }

    /** Sets the deadline of every later operation. */
    public RawClient timeout(Duration newTimeout) {
        timeout = newTimeout;
        return this;
    }

    /** The port on this side, which is how the gateway and its log know this client. */
    public int localPort() {
        return wire.socket().getLocalPort();
    }

    /** Sends a well-formed request, {@code "POST /path"}: with host, and with type and length when the body is not empty. */
    public void sendRequest(String methodAndPath, String json, String... headers) {
        byte[] payload = json.getBytes(StandardCharsets.UTF_8);
        StringBuilder request = new StringBuilder(methodAndPath + " HTTP/1.1\r\n");
        request.append("host: 127.0.0.1:").append(wire.socket().getPort()).append("\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        if (payload.length > 0) {
            request.append("content-type: application/json\r\ncontent-length: ")
                    .append(payload.length)
                    .append("\r\n");
        }
        byte[] headBytes = request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        byte[] whole = new byte[headBytes.length + payload.length];
        System.arraycopy(headBytes, 0, whole, 0, headBytes.length);
        System.arraycopy(payload, 0, whole, headBytes.length, payload.length);
        send(whole);
    }

    /** Sends one byte a character. */
    public void send(String latin1) {
        send(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Sends the bytes; throws {@link PeerGone} when the connection has ended. */
    public void send(byte[] bytes) {
        wire.write(bytes, 0, bytes.length, deadline("send"));
    }

    /** As {@link #send(byte[])}, but a connection that has ended is an answer: false. */
    public boolean trySend(byte[] bytes) {
        try {
            send(bytes);
            return true;
        } catch (PeerGone e) {
            return false;
        }
    }

    /** Sends the bytes in chunks with a pause between them; the deadline is of each chunk. */
    public void sendSlowly(byte[] bytes, int chunkBytes, long pauseNanos) {
        for (int offset = 0; offset < bytes.length; offset += chunkBytes) {
            if (offset > 0) {
                Await.pauseNanos(pauseNanos);
            }
            wire.write(bytes, offset, Math.min(chunkBytes, bytes.length - offset), deadline("sendSlowly"));
        }
    }

    /** Sends chunk after chunk on a thread of its own, up to a total; to see how much the other side takes. */
    public Sending sendInBackground(byte[] chunk, long totalBytes) {
        return Sending.start(wire, chunk, totalBytes);
    }

    /** The next response to anything but HEAD, an interim one (1xx) too. */
    public RawResponse readResponse() {
        return readResponse(false);
    }

    /** The next response; {@code forHead}: to a HEAD request, so without a body whatever its fields say. */
    public RawResponse readResponse(boolean forHead) {
        Deadline deadline = deadline("readResponse");
        startResponse(forHead, deadline);
        return rest(deadline);
    }

    /** The next response, which must be an interim one (1xx). */
    public RawResponse readInterim() {
        RawResponse response = readResponse();
        if (response.status() < 100 || response.status() > 199) {
            throw wire.failure("readInterim: " + response.statusLine(), null);
        }
        return response;
    }

    /** Only the head; its body is then for {@link #readChunk}, {@link #readSseEvent} or {@link #readRest}. */
    public RawResponse readHead() {
        BodyReader started = startResponse(false, deadline("readHead"));
        return RawResponse.of(Objects.requireNonNull(head), new byte[0], started);
    }

    /** What is left of the response whose head was read; the chunk heads are those of the whole body. */
    public RawResponse readRest() {
        return rest(deadline("readRest"));
    }

    /** The payload of the next chunk, or null at the last one or when the connection ended: {@link #bodyComplete}. */
    public byte @Nullable [] readChunk() {
        BodyReader current = currentBody();
        if (current.framing() != BodyReader.Framing.CHUNKED) {
            throw wire.failure("readChunk: the body is framed by " + current.framing(), null);
        }
        Deadline deadline = deadline("readChunk");
        try {
            return current.next(deadline);
        } catch (MalformedMessage e) {
            throw malformed(deadline, e);
        }
    }

    /** The lines of the next server-sent event or comment without the empty line, or null at the end of the body. */
    public @Nullable String readSseEvent() {
        Deadline deadline = deadline("readSseEvent");
        try {
            return events.next(currentBody(), deadline);
        } catch (MalformedMessage e) {
            throw malformed(deadline, e);
        }
    }

    /** What came of an event that the end of the body cut off. */
    public String unfinishedSseEvent() {
        return events.unfinished();
    }

    /** Whether the body being read has come to its proper end. */
    public boolean bodyComplete() {
        return currentBody().complete();
    }

    /** Exactly that many bytes off the wire, framing and all. */
    public byte[] readExactly(int count) {
        Deadline deadline = deadline("readExactly(" + count + ")");
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            int b = wire.read(deadline);
            if (b < 0) {
                throw wire.failure("readExactly: the connection ended after " + i + " of " + count + " bytes", null);
            }
            bytes[i] = (byte) b;
        }
        return bytes;
    }

    /** The bytes at hand, waiting for the first; empty when the connection has ended. */
    public byte[] readSome() {
        return wire.readSome(Integer.MAX_VALUE, deadline("readSome"));
    }

    /** Fails when a byte comes or the connection ends within the time. */
    public void expectSilence(Duration time) {
        if (wire.stirs(time)) {
            throw wire.failure("expectSilence: not silent for " + time.toMillis() + " ms", null);
        }
    }

    /** The other side must close with a FIN, and send nothing before it. */
    public void expectClosed() {
        Deadline deadline = deadline("expectClosed");
        byte[] bytes = wire.readSome(Integer.MAX_VALUE, deadline);
        if (bytes.length > 0 || wire.settledEnd(deadline) != Wire.End.FIN) {
            throw wire.failure("expectClosed: " + bytes.length + " more bytes", null);
        }
    }

    /** The other side must end the connection with an RST; bytes before it are dropped. */
    public void expectReset() {
        if (wire.awaitEnd(deadline("expectReset")) != Wire.End.RESET) {
            throw wire.failure("expectReset", null);
        }
    }

    /** The other side must end the connection, in either way; bytes before that are dropped. */
    public void closedOrReset() {
        wire.awaitEnd(deadline("closedOrReset"));
    }

    /** How many bytes were received in all. */
    public long receivedBytes() {
        return wire.receivedBytes();
    }

    /** Sends a FIN and can still read. */
    public void shutdownOutput() {
        wire.shutdownOutput();
    }

    /** Ends the connection with an RST. */
    public void reset() {
        wire.reset();
    }

    @Override
    public void close() {
        wire.close();
    }

    private BodyReader startResponse(boolean forHead, Deadline deadline) {
        try {
            MessageReader.Head read = reader.readHead(deadline);
            int status = RawResponse.statusOf(read);
            BodyReader started = BodyReader.ofResponse(wire, read.fields(), status, forHead);
            head = read;
            body = started;
            events.restart();
            return started;
        } catch (MalformedMessage e) {
            throw malformed(deadline, e);
        }
    }

    private RawResponse rest(Deadline deadline) {
        BodyReader current = currentBody();
        try {
            return RawResponse.of(Objects.requireNonNull(head), current.readAll(deadline), current);
        } catch (MalformedMessage e) {
            throw malformed(deadline, e);
        }
    }

    private AssertionError malformed(Deadline deadline, MalformedMessage e) {
        return wire.failure(deadline.operation() + ": " + e.getMessage(), e);
    }

    private BodyReader currentBody() {
        if (body == null) {
            throw new IllegalStateException("no response has been started (expected: readHead first)");
        }
        return body;
    }

    private Deadline deadline(String operation) {
        return Deadline.of(operation, timeout);
    }
}
