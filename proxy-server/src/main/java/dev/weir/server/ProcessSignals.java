package dev.weir.server;

import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGTERM and SIGINT drain, a second one ends at once; SIGHUP reloads. The JDK offers signals only through
 * {@code sun.misc.Signal}, reached here by reflection; where that is missing, the JVM's own shutdown remains.
 */
final class ProcessSignals {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessSignals.class);

    private ProcessSignals() {}

    static void attach(Gateway gateway) {
        on("TERM", () -> end(gateway));
        on("INT", () -> end(gateway));
        on("HUP", gateway::reloadAndLog);
    }

    private static void end(Gateway gateway) {
        if (!gateway.drainInBackground()) {
            LOG.warn("second signal: ending at once");
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
            LOG.warn("signal {} cannot be handled here: {}", name, e.toString());
        }
    }
}
