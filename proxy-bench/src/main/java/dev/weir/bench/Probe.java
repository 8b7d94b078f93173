package dev.weir.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;

/** Single requests, to see that a peer does what is to be measured. Blocks. */
final class Probe {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Probe() {}

    static HttpResponse<String> send(Peer peer, Request request) throws IOException {
        HttpRequest.Builder wire = HttpRequest.newBuilder(URI.create(peer.url() + request.path()))
                .timeout(Duration.ofSeconds(30))
                .method(
                        request.method(),
                        request.body().isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(request.body()));
        request.headers(peer).forEach(wire::header);
        try {
            return HTTP.send(wire.build(), BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Sends {@code request} until it is answered well: a proxy may still learn that its backend is there. */
    static HttpResponse<String> answered(Peer peer, Request request) throws IOException {
        return Await.value(
                "an answer of " + peer.name(),
                () -> Optional.of(send(peer, request)).filter(answer -> answer.statusCode() == 200));
    }

    /** Throws unless {@code peer} answers {@code request} with {@code body}. */
    static void expect(Peer peer, Request request, String body) throws IOException, VoidCellException {
        String got = answered(peer, request).body();
        if (!got.equals(body)) {
            throw new VoidCellException(
                    peer.name() + " answers something else: " + got.substring(0, Math.min(200, got.length())));
        }
    }
}
