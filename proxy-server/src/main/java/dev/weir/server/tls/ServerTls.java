package dev.weir.server.tls;

import dev.weir.server.config.ServerConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate that listeners show to new connections. A reload reads it again, and so does a change of its files; what
 * cannot be used leaves the one in force. Any thread; reads files, so not on an event loop.
 */
public final class ServerTls {
    private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);
    private static final long LOOK_SECONDS = 3;

    /** With forward secrecy and authenticated encryption only, as RFC 9325 section 4.2 recommends. */
    private static final List<String> SUITES = List.of(
            "TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    private volatile @Nullable InForce inForce;

    /** The files as they were when they were last looked at. Guarded by this. */
    private @Nullable Stamp lastSeen;

    private record InForce(ServerConfig.Tls files, SslContext context, Instant expiry) {}

    private record Stamp(FileTime certificate, long certificateBytes, FileTime key, long keyBytes) {
        static Stamp of(ServerConfig.Tls tls) throws IOException {
            Path certificate = tls.certificate();
            Path key = tls.privateKey();
            return new Stamp(
                    Files.getLastModifiedTime(certificate),
                    Files.size(certificate),
                    Files.getLastModifiedTime(key),
                    Files.size(key));
        }
    }

    /**
     * Reads certificate and key; null leaves everything as it is.
     *
     * @throws IOException if they cannot be used, naming the files; the ones in force stay
     */
    public synchronized void load(ServerConfig.@Nullable Tls tls) throws IOException {
        if (tls == null) {
            return;
        }
        try {
            Stamp stamp = Stamp.of(tls);
            Credentials credentials = Credentials.read(tls.certificate(), tls.privateKey());
            inForce = new InForce(tls, context(credentials), credentials.notAfter());
            lastSeen = stamp;
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(
                    "server.tls: " + tls.certificate() + " and " + tls.privateKey() + " cannot be used: "
                            + e.getMessage(),
                    e);
        }
    }

    private static SslContext context(Credentials credentials) throws IOException {
        return SslContextBuilder.forServer(
                        credentials.key(), credentials.chain().toArray(X509Certificate[]::new))
                .protocols("TLSv1.3", "TLSv1.2")
                .ciphers(SUITES, SupportedCipherSuiteFilter.INSTANCE)
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        "http/1.1"))
                .build();
    }

    /** Looks at the files every few seconds from now on. */
    public void watch(ScheduledExecutorService background) {
        background.scheduleWithFixedDelay(this::refresh, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    }

    /** Takes files that have changed into use. */
    synchronized void refresh() {
        InForce now = inForce;
        if (now == null) {
            return;
        }
        try {
            Stamp stamp = Stamp.of(now.files);
            if (stamp.equals(lastSeen)) {
                return;
            }
            lastSeen = stamp;
            load(now.files);
            LOG.info("a new certificate is in use, valid until {}", expiry());
        } catch (IOException e) {
            LOG.warn("the old certificate stays in use, valid until {}: {}", now.expiry, e.getMessage());
        }
    }

    /** When the certificate in force ends, or null when there is none. */
    public @Nullable Instant expiry() {
        InForce now = inForce;
        return now == null ? null : now.expiry;
    }

    public SslContext current() {
        InForce now = inForce;
        if (now == null) {
            throw new IllegalStateException("no certificate was loaded");
        }
        return now.context;
    }
}
