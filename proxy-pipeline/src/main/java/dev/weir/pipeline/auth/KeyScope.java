package dev.weir.pipeline.auth;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** What a key may be good for; a key may have several. */
public enum KeyScope {
    /** The routes for clients. */
    CLIENT,
    /** The management routes. */
    MANAGEMENT,
    /** The management routes, but only to look: {@code GET}. */
    READ_ONLY;

    /** Its name in files, JSON and the database. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The scope of that name, which people also write with a hyphen.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static KeyScope of(String text) {
        for (KeyScope scope : values()) {
            if (scope.text().equals(text.replace('-', '_'))) {
                return scope;
            }
        }
        throw new IllegalArgumentException("scopes: " + text + " (expected: client, management, read_only)");
    }

    /** Names with commas between them, always in the same order. */
    static String join(Set<KeyScope> scopes) {
        Set<String> names = new TreeSet<>();
        scopes.forEach(scope -> names.add(scope.text()));
        return String.join(",", names);
    }

    static Set<KeyScope> split(String text) {
        Set<KeyScope> scopes = EnumSet.noneOf(KeyScope.class);
        for (String name : text.split(",", -1)) {
            scopes.add(of(name));
        }
        return scopes;
    }
}
