package dev.weir.server.diagnosis;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Looks whether an address can be listened on, or who does already. Blocks the caller's thread. */
public final class PortCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int PRIVILEGED = 1024;

    private PortCheck() {}

    /**
     * Looks at one.
     *
     * @param encrypted whether a gateway would speak TLS there
     */
    public static Finding of(String host, int port, boolean encrypted) {
        InetSocketAddress address = new InetSocketAddress(host, port);
        String where = host + ":" + port;
        if (address.isUnresolved()) {
            return Finding.failed("ports", where + ": the name is not known", "correct server.listen");
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address);
            return Finding.ok("ports", where + " is free");
        } catch (BindException e) {
            return taken(address, where, encrypted, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return Finding.failed(
                    "ports", where + " cannot be listened on: " + e.getMessage(), "correct server.listen");
        }
    }

    private static Finding taken(InetSocketAddress address, String where, boolean encrypted, String reason) {
        if (reason.contains("Permission denied")) {
            return Finding.failed(
                    "ports",
                    where + ": ports below " + PRIVILEGED + " are for root",
                    "AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, socket activation, or a higher port");
        }
        if (!reason.contains("in use")) {
            return Finding.failed(
                    "ports", where + ": " + reason, "this host has no such address: correct server.listen");
        }
        if (isWeir(address)) {
            return Finding.ok("ports", where + " is in use by a gateway that runs");
        }
        if (encrypted) {
            return Finding.warning(
                    "ports",
                    where + " is in use",
                    "if not by a gateway: ss -ltnp 'sport = :" + address.getPort() + "' names the process");
        }
        return Finding.failed(
                "ports",
                where + " is in use by another process",
                "ss -ltnp 'sport = :" + address.getPort() + "' names it; stop it, or change server.listen");
    }

    private static boolean isWeir(InetSocketAddress address) {
        InetAddress at = address.getAddress();
        String host = at.isAnyLocalAddress() ? "127.0.0.1" : at.getHostAddress();
        String authority = (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
        HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + authority + "/healthz"))
                    .timeout(PATIENCE)
                    .build();
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() == 200 && answer.body().contains("weir is running");
        } catch (IOException | IllegalArgumentException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
