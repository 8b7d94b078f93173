package dev.weir.server.config;

import dev.weir.pipeline.auth.AuthSettings;
import dev.weir.server.config.YamlNode.Mapping;
import dev.weir.server.config.YamlNode.Scalar;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What no record can check alone: names that must exist elsewhere, be unique, or fit where they are used. It works on the tree,
 * so it finds its problems, and their places, whatever else is wrong.
 */
final class CrossReferences {
    private static final Pattern BACKEND_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Pattern MODEL_NAME = Pattern.compile("[!-~]{1,256}");
    private static final Pattern AGENT_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._~-]{0,63}");
    /** Segments under /v1 that are routes already: an agent of that name would hide them. */
    private static final Set<String> TAKEN = Set.of("agents", "chat", "completions", "embeddings", "models");

    /** The master key of development, known to everyone. */
    private static final String DEVELOPMENT_KEY = "sk-hx-dev-1234";

    private final Mapping root;
    private final Problems problems;

    CrossReferences(Mapping root, Problems problems) {
        this.root = root;
        this.problems = problems;
    }

    void check(Environment environment) {
        names("backends", BACKEND_NAME, "letters, digits, dots, dashes and underscores");
        names("models", MODEL_NAME, "visible ASCII characters without spaces");
        names("agents", AGENT_NAME, "letters, digits, dots, dashes, underscores and tildes: it is part of a path");
        root.mapping("agents").entries().forEach((name, entry) -> {
            if (TAKEN.contains(name)) {
                problems.add(entry.keyLocation(), "the name is taken by the route /v1/" + name);
            }
        });
        root.mapping("models").entries().keySet().forEach(this::model);
        pipeline(root);
        for (YamlNode item : root.items("routes")) {
            if (item instanceof Mapping route) {
                reference(route.get("backend"), "backends", "backend");
                pipeline(route);
            }
        }
        listeners();
        developmentKey(environment);
    }

    private void names(String block, Pattern valid, String expected) {
        root.mapping(block).entries().forEach((name, entry) -> {
            if (!valid.matcher(name).matches()) {
                problems.add(entry.keyLocation(), "not a usable name", "expected " + expected);
            }
        });
    }

    private void model(String name) {
        Mapping model = root.mapping("models").mapping(name);
        for (YamlNode item : model.items("targets")) {
            if (item instanceof Mapping target) {
                reference(target.get("backend"), "backends", "backend");
            }
        }
        Set<String> seen = new HashSet<>();
        for (YamlNode fallback : model.items("fallbacks")) {
            reference(fallback, "models", "model");
            if (fallback instanceof Scalar scalar && scalar.text().equals(name)) {
                problems.add(fallback.location(), "a model cannot be its own fallback");
            } else if (fallback instanceof Scalar scalar && !seen.add(scalar.text())) {
                problems.add(fallback.location(), scalar.description() + " is listed twice");
            }
        }
    }

    private void reference(@Nullable YamlNode node, String block, String what) {
        Set<String> known = root.mapping(block).entries().keySet();
        if (node instanceof Scalar scalar && !scalar.isNull() && !known.contains(scalar.text())) {
            problems.add(
                    scalar.location(),
                    "no " + what + " is named " + scalar.description(),
                    Suggestion.hint(scalar.text(), known));
        }
    }

    private void pipeline(Mapping holder) {
        Set<String> seen = new HashSet<>();
        for (YamlNode item : holder.items("pipeline")) {
            if (!(item instanceof Scalar name)) {
                continue;
            }
            if (name.text().isBlank()) {
                problems.add(name.location(), "the name of a middleware is empty");
            } else if (!seen.add(name.text())) {
                problems.add(name.location(), name.description() + " is listed twice");
            }
        }
    }

    /** Every name in a pipeline or a block of settings must be one of a middleware. */
    void middlewares(Collection<String> known) {
        List<Mapping> holders = new ArrayList<>(List.of(root));
        root.items("routes").forEach(route -> {
            if (route instanceof Mapping mapping) {
                holders.add(mapping);
            }
        });
        for (Mapping holder : holders) {
            for (YamlNode item : holder.items("pipeline")) {
                if (item instanceof Scalar name && !known.contains(name.text())) {
                    problems.add(
                            name.location(),
                            "no middleware is named " + name.description(),
                            Suggestion.hint(name.text(), known));
                }
            }
            holder.mapping("middleware").entries().forEach((name, entry) -> {
                if (!known.contains(name)) {
                    problems.add(entry.keyLocation(), "no such middleware", Suggestion.hint(name, known));
                }
            });
        }
    }

    private void listeners() {
        Mapping server = root.mapping("server");
        List<YamlNode> written = new ArrayList<>(server.items("listen"));
        written.addAll(server.items("admin_listen"));
        written.addAll(server.mapping("tls").items("redirect_from"));
        Set<ListenAddress> seen = new HashSet<>();
        for (YamlNode item : written) {
            ListenAddress address = item instanceof Scalar scalar ? address(scalar) : null;
            if (address != null
                    && address.port() != 0
                    && !seen.add(new ListenAddress(address.host(), address.port()))) {
                problems.add(item.location(), "this address is listened on already");
            }
        }
    }

    private static @Nullable ListenAddress address(Scalar scalar) {
        try {
            return ListenAddress.parse(scalar.text());
        } catch (IllegalArgumentException reportedByTheBinder) {
            return null;
        }
    }

    /** Blocks that cannot be bound have been reported; what they would have held is not known, so nothing is said of it. */
    private void developmentKey(Environment environment) {
        Binder binder = new Binder(environment, new Problems());
        ServerConfig server = binder.bind(ServerConfig.class, root.mapping("server"));
        AuthSettings auth = binder.bind(AuthSettings.class, root.mapping("auth"));
        if (server == null || auth == null) {
            return;
        }
        for (ListenAddress address : server.addresses()) {
            if (!address.isLoopback() && auth.masterKey().equals(DEVELOPMENT_KEY)) {
                YamlNode key = root.mapping("auth").get("master_key");
                problems.add(
                        key != null
                                ? key.location()
                                : root.mapping("auth").location().key("master_key"),
                        "the development key is refused while listening on " + address + ", beyond this machine",
                        "set WEIR_MASTER_KEY to a secret of your own");
                return;
            }
        }
    }
}
