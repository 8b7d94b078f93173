package dev.weir.testing;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.platform.engine.CancellationToken;
import org.junit.platform.engine.ConfigurationParameters;
import org.junit.platform.engine.DiscoveryFilter;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.EngineDiscoveryRequest;
import org.junit.platform.engine.EngineExecutionListener;
import org.junit.platform.engine.ExecutionRequest;
import org.junit.platform.engine.OutputDirectoryCreator;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.support.store.Namespace;
import org.junit.platform.engine.support.store.NamespacedHierarchicalStore;

/**
 * Runs a test class inside a test, with the kit's {@code junit-platform.properties} as its configuration. Drives the
 * Jupiter engine itself, since the launcher is on no compile class path.
 */
final class EngineRun implements EngineExecutionListener {
    private final List<Throwable> failures = new ArrayList<>();
    private int finishedTests;

    /** Runs the class and returns what failed in it; fails when it has no test. */
    static List<Throwable> failuresOf(Class<?> testClass) {
        JupiterTestEngine engine = new JupiterTestEngine();
        Request request = new Request(testClass, new Parameters(load()));
        TestDescriptor root = engine.discover(request, UniqueId.forEngine(engine.getId()));
        EngineRun run = new EngineRun();
        try (NamespacedHierarchicalStore<Namespace> session = new NamespacedHierarchicalStore<>(null);
                NamespacedHierarchicalStore<Namespace> store = session.newChild()) {
            engine.execute(ExecutionRequest.create(
                    root, run, request.parameters(), new NoOutput(), store, CancellationToken.disabled()));
        }
        if (run.finishedTests == 0) {
            throw new AssertionError("no test ran in " + testClass.getName() + ": " + run.failures);
        }
        return run.failures;
    }

    @Override
    public void executionFinished(TestDescriptor descriptor, TestExecutionResult result) {
        result.getThrowable().ifPresent(failures::add);
        if (descriptor.isTest()) {
            finishedTests++;
        }
    }

    private static Properties load() {
        Properties properties = new Properties();
        String file = "/" + ConfigurationParameters.CONFIG_FILE_NAME;
        try (InputStream in = Objects.requireNonNull(EngineRun.class.getResourceAsStream(file))) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }

    private record Request(Class<?> testClass, Parameters parameters) implements EngineDiscoveryRequest {
        @Override
        public <T extends DiscoverySelector> List<T> getSelectorsByType(Class<T> type) {
            return Stream.of(selectClass(testClass))
                    .filter(type::isInstance)
                    .map(type::cast)
                    .toList();
        }

        @Override
        public <T extends DiscoveryFilter<?>> List<T> getFiltersByType(Class<T> type) {
            return List.of();
        }

        @Override
        public ConfigurationParameters getConfigurationParameters() {
            return parameters;
        }

        @Override
        public OutputDirectoryCreator getOutputDirectoryCreator() {
            return new NoOutput();
        }
    }

    private record Parameters(Properties properties) implements ConfigurationParameters {
        @Override
        public Optional<String> get(String key) {
            return Optional.ofNullable(properties.getProperty(key));
        }

        @Override
        public Optional<Boolean> getBoolean(String key) {
            return get(key).map(Boolean::valueOf);
        }

        @Override
        public Set<String> keySet() {
            return properties.stringPropertyNames();
        }
    }

    /** For tests that publish files; those run here publish none. */
    private static final class NoOutput implements OutputDirectoryCreator {
        @Override
        public Path getRootDirectory() {
            return Path.of("target");
        }

        @Override
        public Path createOutputDirectory(TestDescriptor descriptor) throws IOException {
            return Files.createTempDirectory(getRootDirectory(), "engine-run");
        }
    }
}
