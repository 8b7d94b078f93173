package dev.weir.backends;

import dev.weir.core.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;

/** Backends without sockets, under a clock that tests turn: what they have and have loaded is told as a watch tells it. */
final class SimulatedFleet {
    private final AtomicLong nanos = new AtomicLong(1);
    private final List<Target> targets = new ArrayList<>();

    /** One more backend that serves {@code model}. */
    SimulatedFleet host(String model, int weight, int maxInFlight, int parallel) {
        SpecBuilder builder = new SpecBuilder("b" + targets.size(), "http://127.0.0.1:9")
                .maxInFlight(maxInFlight)
                .parallel(parallel)
                .eject(1, 60_000, 60_000);
        BackendSpec spec = builder.build();
        try {
            targets.add(new Target(
                    new Backend(spec, new Connector(Transport.NIO, spec), nanos::get),
                    model,
                    weight,
                    OllamaPolicy.NONE));
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
        return this;
    }

    List<Target> targets() {
        return targets;
    }

    Target target(int index) {
        return targets.get(index);
    }

    void pass(long millis) {
        nanos.addAndGet(millis * 1_000_000);
    }

    long now() {
        return nanos.get();
    }

    /** The host of {@code index} says that it has the model loaded, or that it has not. */
    SimulatedFleet loaded(int index, boolean isLoaded) {
        HostedModel hosted = target(index).hosted();
        hosted.listed(HostedModel.Presence.YES);
        hosted.resident(isLoaded, isLoaded ? 4096 : 0, nanos.get());
        return this;
    }

    /** The host of {@code index} says that it does not have the model. */
    SimulatedFleet absent(int index) {
        target(index).hosted().listed(HostedModel.Presence.NO);
        return this;
    }

    /** Serves one request on {@code index} that takes so long; if the model is cold there, loading takes that long first. */
    void serve(int index, long loadMillis, long firstByteMillis, long totalMillis) {
        Lease lease = (Lease) new Balancer(List.of(target(index)), Balancing.DEFAULT).choose(asker(), 0);
        pass(firstByteMillis + (lease.isLoading() ? loadMillis : 0));
        lease.ran(true);
        pass(totalMillis - firstByteMillis);
        lease.release(Lease.Verdict.WORKS);
    }

    static Asker asker() {
        return new Asker("", Asker.NO_AFFINITY);
    }
}
