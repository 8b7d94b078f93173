package dev.weir.bench;

/** The configuration of HAProxy: one thread, connections kept alive, events passed on at once. */
final class HaproxyConf {
    private HaproxyConf() {}

    static String proxy(int port, int backendPort) {
        return """
                global
                  nbthread 1
                  maxconn 20000
                defaults
                  mode http
                  option http-no-delay
                  http-reuse always
                  timeout connect 5s
                  timeout client 600s
                  timeout server 600s
                frontend f
                  bind 127.0.0.1:%d backlog 8192
                  default_backend b
                backend b
                  server s 127.0.0.1:%d maxconn 20000 pool-max-conn 20000
                """.formatted(port, backendPort);
    }
}
