package dev.weir.server.management;

import dev.weir.backends.Fleet;
import dev.weir.server.config.InvalidConfigurationException;
import dev.weir.server.config.WeirConfig;
import java.io.IOException;

/** What management may know of the running gateway and have it do. Any thread. */
public interface GatewayControl {
    /** The configuration in force. */
    WeirConfig config();

    Fleet fleet();

    boolean isDraining();

    long uptimeSeconds();

    /** The product's version. */
    String version();

    /**
     * Reads the configuration again and puts it in force; requests in flight keep the old one. A configuration with
     * problems changes nothing. Blocks: not for an event loop.
     *
     * @throws IOException if a certificate cannot be read
     */
    ReloadReport reload() throws InvalidConfigurationException, IOException;
}
