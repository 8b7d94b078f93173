package dev.weir.server;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Builds jars of middlewares as a stranger would: javac, one services line, jar. */
final class PluginJar {
    static final Path EXAMPLE =
            Path.of(System.getProperty("basedir", "."), "..", "docs", "examples", "middleware", "WordFilter.java");
    static final String EXAMPLE_CLASS = "com.example.WordFilter";
    private static final String SERVICE = "META-INF/services/dev.weir.core.MiddlewareFactory";

    private PluginJar() {}

    static String exampleSource() {
        try {
            return Files.readString(EXAMPLE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The example, compiled against {@code classPath}. */
    static Path ofExample(Path jar, String classPath) {
        return build(jar, classPath, EXAMPLE_CLASS, exampleSource(), EXAMPLE_CLASS);
    }

    static Path build(Path jar, String className, String source) {
        return build(jar, System.getProperty("java.class.path"), className, source, className);
    }

    /** @param services the lines of the services file */
    static Path build(Path jar, String classPath, String className, String source, String services) {
        try {
            Path classes = Files.createTempDirectory(jar.toAbsolutePath().getParent(), "classes");
            compile(classes, classPath, className, source);
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                    Stream<Path> files = Files.walk(classes)) {
                for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                    out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                    Files.copy(file, out);
                }
                out.putNextEntry(new JarEntry(SERVICE));
                out.write(services.getBytes(StandardCharsets.UTF_8));
            }
            return jar;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void compile(Path classes, String classPath, String className, String source) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileObject file =
                new SimpleJavaFileObject(
                        URI.create("string:///" + className.replace('.', '/') + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        StringWriter messages = new StringWriter();
        List<String> options =
                List.of("-cp", classPath, "-d", classes.toString(), "--release", "17", "-Xlint:all", "-proc:none");
        Boolean done = compiler.getTask(messages, null, null, options, null, List.of(file))
                .call();
        if (!Boolean.TRUE.equals(done)) {
            throw new AssertionError(messages.toString());
        }
    }
}
