package dev.weir.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** One TLS connection after another, each with one request. Blocks. */
final class Handshakes {
    private static final String END_OF_HEAD = "\r\n\r\n";

    private final SSLContext context;
    private final Request request;

    /** Trusts {@code certificate} alone. */
    Handshakes(Certificate certificate, Request request) throws IOException {
        this.request = request;
        try (InputStream file = Files.newInputStream(certificate.certificate())) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            trusted.setCertificateEntry(
                    "server", CertificateFactory.getInstance("X.509").generateCertificate(file));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            context = SSLContext.getInstance("TLSv1.3");
            context.init(null, trust.getTrustManagers(), null);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    /**
     * What was seen of one peer.
     *
     * @param cpuMicros of the proxy, for each connection with its request
     * @param resumedPercent how many took up an earlier session
     */
    record Seen(double cpuMicros, double resumedPercent) {}

    Seen run(Peer peer, double seconds) throws IOException, VoidCellException {
        byte[] wire = request.wire(peer);
        long cpuBefore = peer.cpuMicros();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        long count = 0;
        long resumed = 0;
        while (System.nanoTime() - end < 0) {
            long before = System.currentTimeMillis();
            try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", peer.port())) {
                socket.setTcpNoDelay(true);
                socket.getOutputStream().write(wire);
                expectAnswer(peer, socket.getInputStream());
                // A session that was taken up is as old as the one that it comes from.
                resumed += socket.getSession().getCreationTime() < before ? 1 : 0;
                count++;
            }
        }
        return new Seen((double) (peer.cpuMicros() - cpuBefore) / count, 100.0 * resumed / count);
    }

    private static void expectAnswer(Peer peer, InputStream in) throws IOException, VoidCellException {
        byte[] buffer = new byte[8192];
        int length = 0;
        while (true) {
            int read = in.read(buffer, length, buffer.length - length);
            if (read <= 0) {
                throw new VoidCellException(peer.name() + ": a connection was closed");
            }
            length += read;
            String text = new String(buffer, 0, length, StandardCharsets.ISO_8859_1);
            if (!text.startsWith("HTTP/1.1 200")) {
                throw new VoidCellException(
                        peer.name() + ": " + text.lines().findFirst().orElse(""));
            }
            int head = text.indexOf(END_OF_HEAD);
            if (head >= 0 && length - head - END_OF_HEAD.length() >= Backend.CHAT_ANSWER.length()) {
                return;
            }
        }
    }
}
