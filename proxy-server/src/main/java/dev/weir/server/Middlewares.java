package dev.weir.server;

import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.Services;
import dev.weir.server.config.Problems;
import dev.weir.server.config.RouteConfig;
import dev.weir.server.config.Section;
import dev.weir.server.config.WeirConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The middlewares that are installed, the product's and strangers', by name. */
final class Middlewares {
    /** Names of the product's own middlewares that later versions bring; a configuration may hold them already. */
    static final Set<String> RESERVED = Set.of("audit", "usage", "rate_limit", "cache", "transform");

    private final Map<String, MiddlewareFactory<?>> factories;

    private Middlewares(Map<String, MiddlewareFactory<?>> factories) {
        this.factories = factories;
    }

    /** Finds the middlewares on the class path and in the jars of {@code directory}, if one is named. */
    static Middlewares install(@Nullable Path directory) {
        ClassLoader loader = directory == null ? Middlewares.class.getClassLoader() : plugins(directory);
        Map<String, MiddlewareFactory<?>> factories = new LinkedHashMap<>();
        for (MiddlewareFactory<?> factory : ServiceLoader.load(MiddlewareFactory.class, loader)) {
            factories.putIfAbsent(factory.name(), factory);
        }
        return new Middlewares(factories);
    }

    private static ClassLoader plugins(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            URL[] jars = files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .map(Middlewares::url)
                    .toArray(URL[]::new);
            return new URLClassLoader("plugins", jars, Middlewares.class.getClassLoader());
        } catch (IOException e) {
            throw new UncheckedIOException("plugins.directory: " + directory + " cannot be read", e);
        }
    }

    private static URL url(Path jar) {
        try {
            return jar.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new UncheckedIOException(e);
        }
    }

    Set<String> names() {
        return factories.keySet();
    }

    /** The records of settings, by middleware. */
    Map<String, Class<? extends Record>> settings() {
        Map<String, Class<? extends Record>> types = new LinkedHashMap<>();
        factories.forEach((name, factory) -> types.put(name, factory.settings()));
        return types;
    }

    /** Binds every section of settings there is, for the problems in them. */
    void checkSettings(WeirConfig config, Problems problems) {
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
        }
    }

    /** A middleware's settings: the block {@code auth} stands at the top, the others under {@code middleware}. */
    private static Section section(WeirConfig config, String name, @Nullable RouteConfig route) {
        if (name.equals("auth")) {
            return config.auth();
        }
        return route == null ? config.settings(name) : config.settings(name, route);
    }
}
