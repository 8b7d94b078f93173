package dev.weir.server;

import dev.weir.server.config.ServerConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The certificate that listeners show to new connections; a reload reads it again. Any thread. */
final class ServerTls {
    private volatile @Nullable SslContext context;

    /**
     * Reads certificate and key; null leaves everything as it is.
     *
     * @throws IOException if they cannot be used, naming the files; the ones in force stay
     */
    void load(ServerConfig.@Nullable Tls tls) throws IOException {
        if (tls == null) {
            return;
        }
        try {
            context = SslContextBuilder.forServer(
                            tls.certificate().toFile(), tls.privateKey().toFile())
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(
                    "server.tls: " + tls.certificate() + " and " + tls.privateKey() + " cannot be used: "
                            + e.getMessage(),
                    e);
        }
    }

    SslContext current() {
        SslContext loaded = context;
        if (loaded == null) {
            throw new IllegalStateException("no certificate was loaded");
        }
        return loaded;
    }
}
