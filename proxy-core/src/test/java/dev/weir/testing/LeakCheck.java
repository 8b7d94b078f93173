package dev.weir.testing;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails every test class during which a Netty buffer was leaked, an exception ended a thread, or an error was logged
 * where no test looked. Active by itself in all modules: the extension is registered in {@code META-INF/services} and
 * switched on by {@code junit-platform.properties}, both at the root of this test jar; a module must not have a file of
 * the latter name of its own. What is still reachable when a class ends (a static field, an event loop that was not shut
 * down) is found in a later class or not at all. Test classes must not run in parallel within one JVM.
 *
 * @see AllowsErrors
 */
public final class LeakCheck implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    private static final LeakRecorder LEAKS = LeakRecorder.install();
    private static final StrayErrors STRAYS = new StrayErrors();

    @Override
    public void beforeAll(ExtensionContext context) {
        STRAYS.install();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getRequiredTestMethod().isAnnotationPresent(AllowsErrors.class)
                || context.getRequiredTestClass().isAnnotationPresent(AllowsErrors.class)) {
            STRAYS.takeLogged();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Class<?> testClass = context.getRequiredTestClass();
        boolean nested =
                context.getParent().flatMap(ExtensionContext::getTestClass).isPresent();
        if (nested) {
            return;
        }
        List<String> findings = new ArrayList<>(LEAKS.collect());
        findings.addAll(STRAYS.takeUncaught());
        List<String> logged = STRAYS.takeLogged();
        if (!testClass.isAnnotationPresent(AllowsErrors.class)) {
            findings.addAll(logged);
        }
        if (!findings.isEmpty()) {
            throw new AssertionError(testClass.getSimpleName() + " left " + findings.size() + " leaks or errors:\n\n"
                    + String.join("\n\n", findings));
        }
    }
}
