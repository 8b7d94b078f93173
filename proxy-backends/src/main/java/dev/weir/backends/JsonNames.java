package dev.weir.backends;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The names of an object's fields, to find one that comes twice. Remembers where those stand that have no escape and are
 * ASCII, which are nearly all, and decodes the others. One thread, any; one use. Borrows the bytes.
 */
final class JsonNames {
    private static final int FIRST_ROOM = 16;
    private static final int PRIME = 0x01000193;

    /** Nobody outside knows which names have the same hash. */
    private static final int SEED = ThreadLocalRandom.current().nextInt();

    private final ByteBuffer json;
    private int[] starts = new int[FIRST_ROOM];
    private int[] hashes = new int[FIRST_ROOM];
    private int count;
    private @Nullable Set<String> decoded;

    /** @param json what cursors give the places of */
    JsonNames(ByteBuffer json) {
        this.json = json;
    }

    int size() {
        return count + (decoded == null ? 0 : decoded.size());
    }

    /** Adds the name that {@code cursor} is at; false if it is there already. */
    boolean add(JsonCursor cursor) {
        if (!cursor.isPlain()) {
            return addDecoded(cursor.text());
        }
        int hash = SEED;
        for (int i = cursor.start() + 1; i < cursor.end() - 1; i++) {
            hash = (hash ^ json.get(i)) * PRIME;
            hash ^= hash >>> 15;
        }
        for (int i = 0; i < count; i++) {
            if (hashes[i] == hash && isSame(starts[i], cursor.start())) {
                return false;
            }
        }
        if (decoded != null && decoded.contains(cursor.text())) {
            return false;
        }
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, 2 * count);
            hashes = Arrays.copyOf(hashes, 2 * count);
        }
        starts[count] = cursor.start();
        hashes[count++] = hash;
        return true;
    }

    private boolean addDecoded(String name) {
        if (has(name)) {
            return false;
        }
        Set<String> names = decoded == null ? new HashSet<>() : decoded;
        decoded = names;
        return names.add(name);
    }

    /** Whether the object has a field of that name. */
    boolean has(String name) {
        for (int i = 0; i < count; i++) {
            if (isNamed(starts[i] + 1, name)) {
                return true;
            }
        }
        return decoded != null && decoded.contains(name);
    }

    private boolean isNamed(int from, String name) {
        int length = name.length();
        for (int i = 0; i < length; i++) {
            byte octet = json.get(from + i);
            if (octet == '"' || octet != name.charAt(i)) {
                return false;
            }
        }
        return json.get(from + length) == '"';
    }

    private boolean isSame(int one, int other) {
        for (int i = 1; ; i++) {
            byte octet = json.get(one + i);
            if (octet != json.get(other + i)) {
                return false;
            }
            if (octet == '"') {
                return true;
            }
        }
    }
}
