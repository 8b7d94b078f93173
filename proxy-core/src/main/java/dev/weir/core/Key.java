package dev.weir.core;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Names a value that one part of Weir leaves in an exchange for another. Make one constant for each kind of value.
 *
 * @param <T> the value's type
 */
public final class Key<T> {
    private static final AtomicInteger NEXT = new AtomicInteger();

    private final String name;
    private final int index = NEXT.getAndIncrement();

    private Key(String name) {
        this.name = name;
    }

    /** A new key; {@code name} is for people. */
    public static <T> Key<T> of(String name) {
        return new Key<>(name);
    }

    /** What was stored under this key. */
    @SuppressWarnings("unchecked")
    @Nullable
    T cast(@Nullable Object value) {
        return (T) value;
    }

    int index() {
        return index;
    }

    @Override
    public String toString() {
        return name;
    }
}
