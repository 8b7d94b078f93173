package dev.weir.backends;

import java.util.ArrayList;
import java.util.Collection;
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
 */
public final class ModelCatalog {
    private static final String LATEST = ":latest";

    private final Map<String, BackendGroup> configured;
    private final BackendGroup.Settings settings;
    private final BackendEvents events;
    private volatile Map<String, BackendGroup> found = Map.of();

    /**
     * @param configured groups by the name clients use, fallbacks set
     * @param settings for groups of found models
     */
    ModelCatalog(Map<String, BackendGroup> configured, BackendGroup.Settings settings, BackendEvents events) {
        this.configured = new LinkedHashMap<>(configured);
        this.settings = settings;
        this.events = events;
    }

    /** The group that serves {@code model}, or null. */
    public @Nullable BackendGroup find(String model) {
        BackendGroup group = configured.get(model);
        if (group == null) {
            group = found.get(normalized(model));
        }
        // Ollama's clients may spell the tag out that every name has.
        return group == null && model.endsWith(LATEST)
                ? configured.get(model.substring(0, model.length() - LATEST.length()))
                : group;
    }

    /** All groups: the configured ones in their order, then found ones by name. */
    public List<BackendGroup> groups() {
        return Stream.concat(
                        configured.values().stream(),
                        found.values().stream().filter(group -> !configured.containsKey(group.name())))
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
