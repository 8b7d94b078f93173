package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A certificate for 127.0.0.1 that the servers share, made by {@code openssl}. */
record Certificate(Path certificate, Path key) {
    static Certificate in(Path directory) throws IOException {
        Certificate made = new Certificate(directory.resolve("server.crt"), directory.resolve("server.key"));
        Shell.run(List.of(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=127.0.0.1",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-out",
                made.certificate.toString(),
                "-keyout",
                made.key.toString()));
        return made;
    }
}
