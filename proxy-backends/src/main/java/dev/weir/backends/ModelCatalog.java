package dev.weir.backends;

import dev.weir.core.ModelRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The models clients may ask for: those of the configuration, and those found on backends under their own names. Shared by
 * all event loops; found models change behind one volatile read.
 *
 * <p>Names follow Ollama's rule: no tag means {@code :latest}, and case does not matter. A name that the configuration writes
 * is that model; another spelling of it is that model too, whatever backends call theirs: what is said of a model (limits,
 * parameters, prices) cannot be had around by writing its name otherwise.
 */
public final class ModelCatalog {
    private static final String LATEST = ":latest";

    private final Map<String, BackendGroup> configured;

    /** The same by their normalized names; of two that differ in spelling only, the first. */
    private final Map<String, BackendGroup> spellings = new HashMap<>();

    private final BackendGroup.Settings settings;
    private final BackendEvents events;
    private volatile Map<String, BackendGroup> found = Map.of();

    /**
     * @param configured groups by the name clients use, fallbacks set
     * @param settings for groups of found models
     */
    ModelCatalog(Map<String, BackendGroup> configured, BackendGroup.Settings settings, BackendEvents events) {
        this.configured = new LinkedHashMap<>(configured);
        configured.forEach((name, group) -> spellings.putIfAbsent(normalized(name), group));
        this.settings = settings;
        this.events = events;
    }

    /** The group that serves {@code model}, or null. */
    public @Nullable BackendGroup find(String model) {
        BackendGroup group = configured.get(model);
        if (group != null) {
            return group;
        }
        String normalized = normalized(model);
        group = spellings.get(normalized);
        return group != null ? group : found.get(normalized);
    }

    /**
     * {@code request}, for the model by the name the configuration writes if it is one of those. Whoever reads a request has
     * this done, so that all who come after know a model by one name: its limits, its parameters, who may use it, what it
     * costs.
     */
    ModelRequest resolved(ModelRequest request) {
        if (configured.containsKey(request.model())) {
            return request;
        }
        BackendGroup group = spellings.get(normalized(request.model()));
        return group == null
                ? request
                : new ModelRequest(
                        group.name(),
                        request.modelSpan(),
                        request.json(),
                        request.stream(),
                        request.maxCompletionTokensName(),
                        request.streamOptions());
    }

    /** All groups: the configured ones in their order, then found ones by name. */
    public List<BackendGroup> groups() {
        return Stream.concat(
                        configured.values().stream(),
                        found.entrySet().stream()
                                .filter(entry -> !spellings.containsKey(entry.getKey()))
                                .map(Map.Entry::getValue))
                .toList();
    }

    /** The targets on {@code backend} whose models are to be loaded before anybody asks. */
    List<Target> preloaded(Backend backend) {
        return configured.values().stream()
                .flatMap(group -> group.targets().stream())
                .filter(target -> target.backend() == backend && target.policy().preload())
                .toList();
    }

    /** The names of all groups, for near matches. */
    List<String> names() {
        return groups().stream().map(BackendGroup::name).toList();
    }

    /** Takes note of the models each backend has, one caller at a time; groups whose targets stay the same live on. */
    void found(Map<Backend, Collection<String>> models) {
        Map<String, List<Target>> targets = new TreeMap<>();
        models.forEach((backend, names) -> {
            for (String name : names) {
                targets.computeIfAbsent(normalized(name), key -> new ArrayList<>())
                        .add(new Target(backend, name, 1));
            }
        });
        Map<String, BackendGroup> before = found;
        Map<String, BackendGroup> now = new LinkedHashMap<>();
        targets.forEach((key, list) -> {
            BackendGroup known = before.get(key);
            now.put(
                    key,
                    known != null && known.targets().equals(list)
                            ? known
                            : new BackendGroup(list.get(0).model(), list, settings, events));
        });
        found = now;
    }

    /** Ollama's rule: no tag means {@code :latest}, and case does not matter. */
    static String normalized(String model) {
        String lower = model.toLowerCase(Locale.ROOT);
        return lower.indexOf(':', lower.lastIndexOf('/') + 1) < 0 ? lower + LATEST : lower;
    }
}
