package dev.weir.server;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;
import dev.weir.server.config.Problems;
import dev.weir.server.config.RouteConfig;
import dev.weir.server.config.Section;
import dev.weir.server.config.WeirConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The middlewares that are installed, the product's and strangers', by name. */
final class Middlewares {
    private static final Logger LOG = LoggerFactory.getLogger(Middlewares.class);

    private static final ClassLoader OWN = Middlewares.class.getClassLoader();

    /** Its settings are a block of their own at the top of the file. */
    private static final String AUTH = "auth";

    private final Map<String, MiddlewareFactory<?>> factories = new LinkedHashMap<>();
    private final List<String> faults = new ArrayList<>();
    private final List<String> warnings;

    private Middlewares(Plugins plugins) {
        Map<String, String> origins = new HashMap<>();
        try {
            for (MiddlewareFactory<?> factory : ServiceLoader.load(MiddlewareFactory.class, OWN)) {
                add(factory, "the class path", origins);
            }
        } catch (ServiceConfigurationError e) {
            faults.add("the class path: " + e.getMessage());
        }
        for (Plugins.Found found : plugins.factories()) {
            add(found.factory(), found.jar(), origins);
        }
        faults.addAll(plugins.faults());
        warnings = List.copyOf(plugins.warnings());
    }

    private void add(MiddlewareFactory<?> factory, String origin, Map<String, String> origins) {
        String name = factory.name();
        MiddlewareFactory<?> known = factories.putIfAbsent(name, factory);
        String before = origins.putIfAbsent(name, origin);
        if (known != null) {
            faults.add(origin + ": class " + factory.getClass().getName() + ": the name " + name + " is taken"
                    + (isOwn(known)
                            ? " by Weir itself"
                            : " by " + known.getClass().getName() + " of " + before));
        }
    }

    private static boolean isOwn(MiddlewareFactory<?> factory) {
        return factory.getClass().getName().startsWith("dev.weir.pipeline.");
    }

    /** The product's own, and those that stand beside it on the class path. */
    static Middlewares builtIn() {
        return new Middlewares(Plugins.NONE);
    }

    /** These, and those in the jars of {@code directory}. */
    static Middlewares with(Path directory) {
        return new Middlewares(Plugins.in(directory));
    }

    /** Why some of what is installed cannot be used. */
    List<String> faults() {
        return List.copyOf(faults);
    }

    /** What an operator should know about what is installed. */
    List<String> warnings() {
        return warnings;
    }

    Set<String> names() {
        return factories.keySet();
    }

    /** The records of the settings under {@code middleware}, by name; a middleware without settings has none. */
    Map<String, Class<? extends Record>> settings() {
        Map<String, Class<? extends Record>> types = new LinkedHashMap<>();
        factories.forEach((name, factory) -> {
            if (!name.equals(AUTH) && factory.settings().getRecordComponents().length > 0) {
                types.put(name, factory.settings());
            }
        });
        return types;
    }

    /** Binds every section of settings there is, for the problems in them. */
    void checkSettings(WeirConfig config, Problems problems) {
        Section misplaced = config.middleware().get(AUTH);
        if (misplaced != null) {
            problems.add(misplaced.problem(null, "these settings stand at the top of the file, under " + AUTH, null));
        }
        factories.forEach((name, factory) -> {
            section(config, name, null).bind(factory.settings(), problems);
            for (RouteConfig route : config.routes()) {
                if (route.middleware().containsKey(name)) {
                    section(config, name, route).bind(factory.settings(), problems);
                }
            }
        });
    }

    /**
     * Makes the middlewares called {@code names}, in that order, without those that are reserved only.
     *
     * @param route whose own settings apply, or null for the general ones
     */
    List<Middleware> chain(
            List<String> names, WeirConfig config, @Nullable RouteConfig route, Services services, Problems problems) {
        List<Middleware> chain = new ArrayList<>();
        for (String name : names) {
            MiddlewareFactory<?> factory = factories.get(name);
            if (factory != null) {
                Middleware middleware = create(factory, section(config, name, route), services, problems);
                if (middleware != null) {
                    chain.add(middleware);
                }
            }
        }
        return chain;
    }

    private static <S extends Record> @Nullable Middleware create(
            MiddlewareFactory<S> factory, Section section, Services services, Problems problems) {
        S settings = section.bind(factory.settings(), problems);
        if (settings == null) {
            return null;
        }
        try {
            return factory.create(settings, services);
        } catch (IllegalArgumentException e) {
            problems.add(section.problem(null, String.valueOf(e.getMessage()), null));
            return null;
        } catch (RuntimeException | LinkageError e) {
            if (isOwn(factory)) {
                throw e;
            }
            LOG.error("middleware {} cannot be made", factory.name(), e);
            problems.add(section.problem(null, factory.getClass().getName() + " cannot make it: " + e, null));
            return null;
        }
    }

    /** A middleware's settings: the block {@code auth} stands at the top, the others under {@code middleware}. */
    private static Section section(WeirConfig config, String name, @Nullable RouteConfig route) {
        if (name.equals(AUTH)) {
            Section own = route == null ? null : route.middleware().get(name);
            return own == null ? config.auth() : config.auth().merge(own);
        }
        return route == null ? config.settings(name) : config.settings(name, route);
    }
}
