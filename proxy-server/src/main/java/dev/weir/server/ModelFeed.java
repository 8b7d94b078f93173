package dev.weir.server;

import dev.weir.backends.BackendGroup;
import dev.weir.backends.Fleet;
import dev.weir.core.Services;
import dev.weir.pipeline.usage.ModelRegistry;
import dev.weir.pipeline.usage.RegisteredModel;
import dev.weir.pipeline.usage.RegisteredModel.Source;
import dev.weir.server.config.WeirConfig;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Tells the registry of models, again and again, what the configuration and the fleet offer. Any thread. */
final class ModelFeed {
    private static final long PERIOD_MILLIS = 2_000;

    private final Fleet fleet;
    private final Supplier<WeirConfig> config;
    private final ModelRegistry registry;

    private ModelFeed(Fleet fleet, Supplier<WeirConfig> config, ModelRegistry registry) {
        this.fleet = fleet;
        this.config = config;
        this.registry = registry;
    }

    /** Begins; ends with the background threads. */
    static void start(Fleet fleet, Supplier<WeirConfig> config, Services services) {
        ModelFeed feed = new ModelFeed(fleet, config, ModelRegistry.of(services));
        services.background().scheduleWithFixedDelay(feed::tell, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void tell() {
        WeirConfig now = config.get();
        registry.offered(fleet.current().catalog().groups().stream()
                .map(group -> registered(group, now))
                .toList());
    }

    private static RegisteredModel registered(BackendGroup group, WeirConfig config) {
        List<String> backends = group.targets().stream()
                .map(target -> target.backend().name())
                .distinct()
                .sorted()
                .toList();
        Object description = group.metadata().get("description");
        return new RegisteredModel(
                group.name(),
                config.models().containsKey(group.name()) ? Source.CONFIGURED : Source.DISCOVERED,
                description == null ? "" : description.toString(),
                backends);
    }
}
