package dev.weir.peers;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Spring Cloud Gateway with one route, as {@code application.yml} sets it up. */
@SpringBootApplication
public class GatewayPeer {
    public static void main(String[] arguments) {
        SpringApplication.run(GatewayPeer.class, arguments);
    }
}
