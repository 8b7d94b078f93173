package dev.weir.server;

import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * SIGTERM and SIGINT drain, a second one ends at once; SIGHUP reloads. Before the gateway runs, SIGTERM and SIGINT end the
 * process, and a SIGHUP is remembered, so that the configuration is read again once it does. The JDK offers signals only through
 * {@code sun.misc.Signal}, reached here by reflection; where that is missing, the JVM's own shutdown remains.
 */
final class ProcessSignals {
    private static final int EXIT_ON_INT = 130;
    private static final int EXIT_ON_TERM = 143;

    /** Guarded by the class, as is the next. */
    private static @Nullable Gateway running;

    private static boolean reloadWanted;

    private ProcessSignals() {}

    /** Takes the signals, for a gateway that will run. Loads no class that takes time. */
    static void hold() {
        on("TERM", () -> end(EXIT_ON_TERM));
        on("INT", () -> end(EXIT_ON_INT));
        on("HUP", ProcessSignals::reload);
    }

    /** From now on the signals are for {@code gateway}. */
    static void attach(Gateway gateway) {
        boolean late;
        synchronized (ProcessSignals.class) {
            running = gateway;
            late = reloadWanted;
            reloadWanted = false;
        }
        hold();
        if (late) {
            gateway.reloadAndLog();
        }
    }

    private static void reload() {
        Gateway gateway;
        synchronized (ProcessSignals.class) {
            gateway = running;
            reloadWanted = gateway == null;
        }
        if (gateway != null) {
            gateway.reloadAndLog();
        }
    }

    private static void end(int exitBefore) {
        Gateway gateway;
        synchronized (ProcessSignals.class) {
            gateway = running;
        }
        if (gateway == null) {
            Runtime.getRuntime().halt(exitBefore);
        } else if (!gateway.drainInBackground()) {
            LoggerFactory.getLogger(ProcessSignals.class).warn("second signal: ending at once");
            Runtime.getRuntime().halt(1);
        }
    }

    private static void on(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object receiver = Proxy.newProxyInstance(
                    ProcessSignals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        switch (method.getName()) {
                            case "handle" -> action.run();
                            case "hashCode" -> {
                                return System.identityHashCode(proxy);
                            }
                            case "equals" -> {
                                return arguments != null && proxy == arguments[0];
                            }
                            default -> {
                                return "signal " + name;
                            }
                        }
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), receiver);
        } catch (ReflectiveOperationException e) {
            LoggerFactory.getLogger(ProcessSignals.class)
                    .warn("signal {} cannot be handled here: {}", name, e.toString());
        }
    }
}
