package dev.weir.server;

import dev.weir.core.MiddlewareFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * The middlewares in the jars of a directory. Does what {@link java.util.ServiceLoader} would, but says of each jar what is
 * wrong with it. All jars share one class loader, so that one may hold what others need.
 *
 * @param factories what was found, in the order of the jars' names
 * @param faults what cannot be used, each with the jar it is about
 * @param warnings what is probably not meant
 */
record Plugins(List<Found> factories, List<String> faults, List<String> warnings) {
    private static final String SERVICE = "META-INF/services/" + MiddlewareFactory.class.getName();

    /** A factory and the jar it came from. */
    record Found(MiddlewareFactory<?> factory, String jar) {}

    /** Without any directory. */
    static final Plugins NONE = new Plugins(List.of(), List.of(), List.of());

    static Plugins in(Path directory) {
        Plugins plugins = new Plugins(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        List<Path> jars;
        try (Stream<Path> files = Files.list(directory)) {
            jars = files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList();
            plugins.load(jars);
        } catch (NotDirectoryException | NoSuchFileException e) {
            plugins.faults.add(directory + " is no directory");
        } catch (IOException e) {
            plugins.faults.add(directory + " cannot be read: " + e.getMessage());
        }
        return plugins;
    }

    private void load(List<Path> jars) throws IOException {
        List<URL> urls = new ArrayList<>();
        for (Path jar : jars) {
            urls.add(jar.toUri().toURL());
        }
        ClassLoader loader = new URLClassLoader("plugins", urls.toArray(URL[]::new), Plugins.class.getClassLoader());
        for (Path jar : jars) {
            List<String> classes = declared(jar);
            for (String name : classes) {
                load(name, jar, loader);
            }
        }
    }

    /** The classes that a jar offers; a jar that offers none may hold what others need. */
    private List<String> declared(Path jar) {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry entry = zip.getEntry(SERVICE);
            if (entry == null) {
                warnings.add("plugins: " + jar + " offers no middleware: it has no " + SERVICE);
                return List.of();
            }
            try (BufferedReader reader =
                    new BufferedReader(new InputStreamReader(zip.getInputStream(entry), StandardCharsets.UTF_8))) {
                return reader.lines()
                        .map(line -> line.replaceFirst("#.*", "").strip())
                        .filter(line -> !line.isEmpty())
                        .toList();
            }
        } catch (ZipException e) {
            faults.add(jar + " is no jar: " + e.getMessage());
        } catch (IOException e) {
            faults.add(jar + " cannot be read: " + e.getMessage());
        }
        return List.of();
    }

    private void load(String name, Path jar, ClassLoader loader) {
        try {
            Object made = Class.forName(name, true, loader).getConstructor().newInstance();
            if (!(made instanceof MiddlewareFactory<?> factory)) {
                faults.add(jar + ": class " + name + " is no " + MiddlewareFactory.class.getName());
                return;
            }
            String fault = fault(factory);
            if (fault == null) {
                factories.add(new Found(factory, jar.toString()));
            } else {
                faults.add(jar + ": class " + name + ": " + fault);
            }
        } catch (ClassNotFoundException e) {
            faults.add(jar + ": class " + name + " is not there, but " + SERVICE + " names it");
        } catch (NoSuchMethodException | IllegalAccessException | InstantiationException e) {
            faults.add(jar + ": class " + name + " cannot be made (expected: a public class with a public constructor"
                    + " without parameters)");
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            faults.add(jar + ": class " + name + " cannot be used: " + cause);
        }
    }

    /** A stranger's code keeps no promises. */
    private static @Nullable String fault(MiddlewareFactory<?> factory) {
        String name = String.valueOf((Object) factory.name());
        if (!name.matches("[a-z][a-z0-9_]*") || name.equals("null")) {
            return "name(): " + name + " (expected: lower-case letters, digits and _)";
        }
        return Objects.requireNonNull(factory.settings(), "settings()").isRecord() ? null : "settings(): no record";
    }
}
