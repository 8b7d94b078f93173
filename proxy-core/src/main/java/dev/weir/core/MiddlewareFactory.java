package dev.weir.core;

/**
 * Makes a middleware from its settings. Found with {@link java.util.ServiceLoader}; built-in middlewares use the same door
 * as a stranger's.
 *
 * @param <S> a record of settings, bound from YAML and validated by its constructor. Names in YAML are the components' in
 *     snake_case; the {@code Default} annotation gives the value of a missing one
 */
public interface MiddlewareFactory<S extends Record> {
    /** The name in the configuration's {@code pipeline} and {@code middleware}. */
    String name();

    Class<S> settings();

    /**
     * Makes the middleware: at start, and again for every reload that changes something.
     *
     * @throws IllegalArgumentException if the settings make no sense, with a message for the operator
     */
    Middleware create(S settings, Services services);
}
