package dev.weir.backends;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a backend said of itself when it was asked last. Immutable; any thread.
 *
 * @param version its version, or the empty string
 * @param latencyMillis how long it took to answer, or -1 while it has not
 * @param isListed whether {@code models} is known
 * @param models the models it has, by their normalized names
 * @param details what it says of them besides, by their normalized names; of those of which it says nothing there is none
 * @param tellsLoaded whether {@code loaded} is known
 * @param loaded those in its memory, by their normalized names
 */
public record BackendKnowledge(
        String version,
        long latencyMillis,
        boolean isListed,
        Map<String, String> models,
        Map<String, Details> details,
        boolean tellsLoaded,
        Map<String, Loaded> loaded) {
    /** Nothing was said yet. */
    public static final BackendKnowledge NOTHING =
            new BackendKnowledge("", -1, false, Map.of(), Map.of(), false, Map.of());

    /**
     * What a backend says of a model on its disk; empty, or 0, where it says nothing.
     *
     * @param parameterSize as {@code 3.2B}
     * @param quantization as {@code Q4_K_M}
     */
    public record Details(String family, String parameterSize, String quantization, long sizeBytes) {
        static final Details NONE = new Details("", "", "", 0);
    }

    /**
     * A model in a backend's memory.
     *
     * @param name the backend's own name of it
     * @param sizeBytes all of it
     * @param vramBytes the part of it in the memory of a GPU: less than all of it is slow
     * @param contextLength the context length it is loaded with, or 0
     * @param expiresAt when it is to be unloaded, as the backend writes it; or the empty string
     */
    public record Loaded(String name, long sizeBytes, long vramBytes, int contextLength, String expiresAt) {}

    public BackendKnowledge {
        models = Map.copyOf(models);
        details = Map.copyOf(details);
        loaded = Map.copyOf(loaded);
    }

    /** What is known of {@code model}, by Ollama's rule for names. */
    public HostedModel.Presence has(String model) {
        if (!isListed) {
            return HostedModel.Presence.UNKNOWN;
        }
        return models.containsKey(ModelCatalog.normalized(model)) ? HostedModel.Presence.YES : HostedModel.Presence.NO;
    }

    /** What is said of {@code model}, by Ollama's rule for names; null for nothing. */
    public @Nullable Details detailsOf(String model) {
        return details.get(ModelCatalog.normalized(model));
    }

    /** Tells {@code model} what was said of it. */
    void tell(String normalizedName, HostedModel model, long now) {
        tellPresence(normalizedName, model);
        if (tellsLoaded) {
            Loaded found = loaded.get(normalizedName);
            model.resident(found != null, found == null ? 0 : found.contextLength(), now);
        }
    }

    /** Tells {@code model} whether it is there. Who lists nothing at all may serve all the same. */
    void tellPresence(String normalizedName, HostedModel model) {
        if (isListed) {
            model.listed(
                    models.containsKey(normalizedName)
                            ? HostedModel.Presence.YES
                            : models.isEmpty() ? HostedModel.Presence.UNKNOWN : HostedModel.Presence.NO);
        }
    }

    BackendKnowledge withAnswer(String newVersion, long newLatencyMillis) {
        return new BackendKnowledge(newVersion, newLatencyMillis, isListed, models, details, tellsLoaded, loaded);
    }

    BackendKnowledge withModels(Map<String, String> newModels, Map<String, Details> newDetails) {
        return new BackendKnowledge(version, latencyMillis, true, newModels, newDetails, tellsLoaded, loaded);
    }

    BackendKnowledge withLoaded(Map<String, Loaded> newLoaded) {
        return new BackendKnowledge(version, latencyMillis, isListed, models, details, true, newLoaded);
    }
}
