package dev.weir.backends;

import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import java.util.List;

/** Relays requests to one backend as they are, bodies streamed both ways. */
public final class RelayEndpoint implements Endpoint {
    private final BackendGroup group;

    /**
     * @param backend where requests go
     * @param settings how long a request waits for a slot
     */
    public RelayEndpoint(Backend backend, BackendGroup.Settings settings, BackendEvents events) {
        this.group = new BackendGroup(backend.name(), List.of(new Target(backend, "", 1)), settings, events);
    }

    @Override
    public void serve(Exchange exchange, Downstream downstream) {
        new BackendCall(exchange, downstream, List.of(group), CallKind.RELAY).start(0);
    }
}
