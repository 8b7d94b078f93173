package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.Await;
import dev.weir.testing.TestCertificate;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted client connections: served, closed and cut like the others. */
final class TlsWireTest {
    private static final int TIMEOUT_MILLIS = 20_000;

    private static TestCertificate certificate;

    private final Served.ByTest manual = new Served.ByTest();
    private TestGateway gateway;
    private int port;

    @BeforeAll
    static void makeCertificate(@TempDir Path directory) {
        certificate = TestCertificate.in(directory, "weir", "dns:localhost,ip:127.0.0.1");
    }

    @BeforeEach
    void start() throws Exception {
        SslContext server =
                SslContextBuilder.forServer(certificate.keyManagers()).build();
        gateway = TestGateway.start(
                TestGateway.client("/manual", manual),
                TestGateway.client("/refuses", manual, exchange -> Verdict.reject(GatewayError.FORBIDDEN, "no")),
                TestGateway.open(
                        "/secure",
                        Endpoint.answering(exchange -> LocalResponse.text(200, exchange.secure() ? "yes" : "no"))));
        port = gateway.server()
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), () -> server)
                .getPort();
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private SSLSocket connect() throws Exception {
        SSLSocket socket = (SSLSocket)
                certificate.trusted().getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
    }

    private static String readUntil(Socket socket, String end) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int octet = socket.getInputStream().read();
            assertThat(octet).as("what came before the end: " + text).isNotNegative();
            text.append((char) octet);
        }
        return text.toString();
    }

    @Test
    void requestIsServedAndKnownToBeSecure() throws Exception {
        try (SSLSocket socket = connect()) {
            for (int i = 0; i < 2; i++) {
                send(socket, "GET /secure HTTP/1.1\r\nHost: a\r\n\r\n");
                assertThat(readUntil(socket, "\r\n\r\nyes")).startsWith("HTTP/1.1 200 OK\r\n");
            }
        }
    }

    @Test
    void bodyThatEndsWithTheConnectionEndsWithAGoodbye() throws Exception {
        try (SSLSocket socket = connect()) {
            send(socket, "GET /manual HTTP/1.0\r\n\r\n");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.writeLast("whole");
            readUntil(socket, "whole");
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void bodyThatEndsWithTheConnectionIsCutWithoutAGoodbye() throws Exception {
        try (SSLSocket socket = connect()) {
            send(socket, "GET /manual HTTP/1.0\r\n\r\n");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("part");
            readUntil(socket, "part");
            served.fail(GatewayError.BACKEND_FAILED);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void refusalIsReadByAClientThatKeepsSending() throws Exception {
        try (SSLSocket socket = connect()) {
            send(socket, "POST /refuses HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
            send(socket, "x".repeat(1_000_000));
            send(socket, "x".repeat(1_000_000));
            assertThat(readUntil(socket, "\r\n\r\n{")).startsWith("HTTP/1.1 403 Forbidden\r\n");
        }
    }

    @Test
    void clientThatLeavesIsSeenAtOnce() throws Exception {
        Served served;
        try (SSLSocket socket = connect()) {
            send(socket, "GET /manual HTTP/1.1\r\nHost: a\r\n\r\n");
            served = manual.await();
        }
        served.awaitCancelled();
        assertThat(gateway.awaitEnded().end()).isEqualTo(Outcome.End.CLIENT_LEFT);
    }

    @Test
    void whatIsNoHandshakeIsClosedQuietly() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            send(socket, "GET /secure HTTP/1.1\r\nHost: a\r\n\r\n");
            Await.until("the connection is gone", () -> gateway.engine().connections() == 0);
        }
        assertThat(gateway.takeRest()).isEmpty();
    }
}
