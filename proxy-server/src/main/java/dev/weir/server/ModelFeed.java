package dev.weir.server;

import dev.weir.backends.BackendGroup;
import dev.weir.backends.BackendKnowledge;
import dev.weir.backends.Fleet;
import dev.weir.backends.Target;
import dev.weir.core.Services;
import dev.weir.pipeline.usage.ModelRegistry;
import dev.weir.pipeline.usage.RegisteredModel;
import dev.weir.pipeline.usage.RegisteredModel.Details;
import dev.weir.pipeline.usage.RegisteredModel.Source;
import dev.weir.server.config.WeirConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells the registry of models, again and again, what the configuration and the fleet offer, and what backends say of it. Any
 * thread.
 */
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
        List<BackendGroup> groups = fleet.current().catalog().groups();
        Map<String, Details> said = new HashMap<>();
        for (BackendGroup group : groups) {
            Details details = details(group);
            if (details != null) {
                said.put(group.name(), details);
            }
        }
        registry.describe(said);
        registry.offered(groups.stream().map(group -> registered(group, now)).toList());
    }

    /** What the first target says that says anything; null when none does. */
    private static @Nullable Details details(BackendGroup group) {
        for (Target target : group.targets()) {
            BackendKnowledge.Details said = target.backend().knowledge().detailsOf(target.model());
            if (said != null) {
                return new Details(said.family(), said.parameterSize(), said.quantization(), said.sizeBytes());
            }
        }
        return null;
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
