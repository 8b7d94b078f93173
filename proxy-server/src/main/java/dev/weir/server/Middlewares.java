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
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The middlewares that are installed, the product's and strangers', by name. */
final class Middlewares {
    /** Names of the product's own middlewares that later versions bring; a configuration may hold them already. */
    static final Set<String> RESERVED = Set.of("usage", "rate_limit");

    /** Its settings are a block of their own at the top of the file. */
    private static final String AUTH = "auth";

    private final Map<String, MiddlewareFactory<?>> factories;

    private Middlewares(Map<String, MiddlewareFactory<?>> factories) {
        this.factories = factories;
    }

    /** The product's own. */
    static Middlewares builtIn() {
        return found(Middlewares.class.getClassLoader());
    }

    /**
     * The product's own, and those in the jars of {@code directory}.
     *
     * @throws IOException if the directory or what is in it cannot be used, saying why
     */
    static Middlewares with(Path directory) throws IOException {
        try {
            return found(plugins(directory));
        } catch (ServiceConfigurationError | LinkageError e) {
            throw new IOException("a jar in " + directory + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static Middlewares found(ClassLoader loader) {
        Map<String, MiddlewareFactory<?>> factories = new LinkedHashMap<>();
        for (MiddlewareFactory<?> factory : ServiceLoader.load(MiddlewareFactory.class, loader)) {
            factories.putIfAbsent(factory.name(), factory);
        }
        return new Middlewares(factories);
    }

    private static ClassLoader plugins(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            URL[] jars = files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .map(Middlewares::url)
                    .toArray(URL[]::new);
            return new URLClassLoader("plugins", jars, Middlewares.class.getClassLoader());
        } catch (NotDirectoryException | NoSuchFileException e) {
            throw new IOException(directory + " is no directory", e);
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
