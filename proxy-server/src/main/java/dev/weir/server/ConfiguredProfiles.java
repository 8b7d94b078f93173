package dev.weir.server;

import dev.weir.core.Limits;
import dev.weir.core.ModelProfile;
import dev.weir.core.ModelProfiles;
import dev.weir.server.config.ModelConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the configuration in force says about models; a reload replaces it. Models are known by the names it writes: requests
 * that spell one otherwise were brought to it when they were read, by the rule that routing has too. Any thread.
 */
final class ConfiguredProfiles implements ModelProfiles {
    private volatile Map<String, ModelProfile> profiles = Map.of();
    private volatile boolean anyLimits;

    void replace(Map<String, ModelConfig> models) {
        Map<String, ModelProfile> next = new HashMap<>();
        models.forEach((name, model) -> next.put(name, profile(name, model)));
        anyLimits = next.values().stream().anyMatch(profile -> !profile.limits().equals(Limits.NONE));
        profiles = Map.copyOf(next);
    }

    @Override
    public boolean anyLimits() {
        return anyLimits;
    }

    @Override
    public ModelProfile of(String model) {
        ModelProfile profile = profiles.get(model);
        return profile != null ? profile : ModelProfile.unwritten(model);
    }

    private static ModelProfile profile(String name, ModelConfig model) {
        ModelConfig.Prices prices = model.prices();
        return new ModelProfile(
                name,
                limits(model.limits()),
                prices == null ? 0 : prices.prompt(),
                prices == null ? 0 : prices.completion(),
                model.parameters().default_(),
                model.parameters().max(),
                Set.copyOf(model.parameters().drop()));
    }

    private static Limits limits(ModelConfig.Limits limits) {
        return new Limits(
                orNone(limits.requestsPerMinute()), orNone(limits.tokensPerMinute()), (int) orNone(limits.parallel()));
    }

    private static long orNone(@Nullable Number limit) {
        return limit == null ? 0 : limit.longValue();
    }
}
