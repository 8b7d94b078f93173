package dev.weir.bench;

import java.nio.file.Path;

/** Configurations of nginx: one worker, in the foreground, no access log. */
final class NginxConf {
    private static final String ROOT = System.getProperty("user.name", "").equals("root") ? "user root;" : "";

    private final Path directory;
    private final StringBuilder http = new StringBuilder();

    /** Its files go to {@code directory}. */
    NginxConf(Path directory) {
        this.directory = directory;
    }

    /** A server that gives the same answer to everything. */
    NginxConf canned(int port, String answer) {
        http.append("""
                server { listen %d backlog=8192; default_type application/json; client_max_body_size 0;
                  client_body_buffer_size 2m; location / { return 200 '%s'; } }
                """.formatted(port, answer));
        return this;
    }

    /** A server that answers everything with one file, also to a POST. */
    NginxConf file(int port, Path file) {
        http.append("""
                server { listen 127.0.0.1:%d backlog=8192; root %s; default_type application/json; sendfile on;
                  location / { error_page 405 =200 /%s; try_files /%s =404; } }
                """.formatted(port, file.getParent(), file.getFileName(), file.getFileName()));
        return this;
    }

    /** A proxy as it is set up for servers that stream: nothing buffered, connections kept alive. */
    NginxConf proxy(int port, int backendPort) {
        return proxy("listen 127.0.0.1:%d backlog=8192;".formatted(port), backendPort, "");
    }

    /** The same behind TLS, with sessions that can be taken up again. */
    NginxConf tlsProxy(int port, int backendPort, Certificate certificate) {
        return proxy("""
                listen 127.0.0.1:%d ssl backlog=8192; ssl_certificate %s; ssl_certificate_key %s;
                ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:10m; ssl_session_tickets on;
                """.formatted(port, certificate.certificate(), certificate.key()), backendPort, "");
    }

    /** A proxy that keeps answers, POSTs' too. */
    NginxConf cache(int port, int backendPort) {
        http.append("proxy_cache_path ").append(directory.resolve("cache")).append(" keys_zone=c:10m;\n");
        return proxy(
                "listen 127.0.0.1:%d backlog=8192;".formatted(port),
                backendPort,
                "sendfile on; open_file_cache max=1000 inactive=600s; proxy_cache c; proxy_cache_methods POST; proxy_cache_valid 200 1h; proxy_buffering on;"
                        + " proxy_cache_key \"$request_uri|$request_body\"; add_header x-cache $upstream_cache_status;");
    }

    private NginxConf proxy(String listen, int backendPort, String more) {
        http.append("""
                upstream b%d { server 127.0.0.1:%d; keepalive 512; keepalive_requests 100000000; }
                server { %s client_max_body_size 0; client_body_buffer_size 2m;
                  location / { proxy_pass http://b%d; proxy_http_version 1.1; proxy_set_header Connection ""; %s
                    proxy_read_timeout 600s; } }
                """.formatted(
                        backendPort, backendPort, listen, backendPort, more.isEmpty() ? "proxy_buffering off;" : more));
        return this;
    }

    String text() {
        return """
                daemon off; %s worker_processes 1; pid %s/nginx.pid;
                error_log %s/error.log;
                events { worker_connections 16384; }
                http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
                client_body_temp_path %s/body; proxy_temp_path %s/proxy; fastcgi_temp_path %s/f; uwsgi_temp_path %s/u;
                scgi_temp_path %s/s;
                %s}
                """.formatted(ROOT, directory, directory, directory, directory, directory, directory, directory, http);
    }
}
