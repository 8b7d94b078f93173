package dev.weir.backends;

import dev.weir.core.JsonTokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The names of an object's fields, to find one that comes twice. Remembers where they stand, as long as none has an escape or
 * is more than ASCII, which is nearly always; else decodes all of them. One thread, any; one use. Borrows the bytes.
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
        return decoded == null ? count : decoded.size();
    }

    /** Adds the name that {@code tokenizer} is at; false if it is there already. */
    boolean add(JsonTokenizer tokenizer) {
        if (decoded == null && !tokenizer.isPlain()) {
            decoded = decodeAll();
        }
        return decoded == null ? addPlain(tokenizer) : decoded.add(tokenizer.text());
    }

    private boolean addPlain(JsonTokenizer tokenizer) {
        int hash = SEED;
        for (int i = tokenizer.start() + 1; i < tokenizer.end() - 1; i++) {
            hash = (hash ^ json.get(i)) * PRIME;
            hash ^= hash >>> 15;
        }
        for (int i = 0; i < count; i++) {
            if (hashes[i] == hash && isSame(starts[i], tokenizer.start())) {
                return false;
            }
        }
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, 2 * count);
            hashes = Arrays.copyOf(hashes, 2 * count);
        }
        starts[count] = tokenizer.start();
        hashes[count++] = hash;
        return true;
    }

    private Set<String> decodeAll() {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            int end = starts[i] + 1;
            while (json.get(end) != '"') {
                end++;
            }
            byte[] octets = new byte[end - starts[i] - 1];
            json.get(starts[i] + 1, octets);
            names.add(new String(octets, StandardCharsets.ISO_8859_1));
        }
        return names;
    }

    /** Whether the object has a field of that name. */
    boolean has(String name) {
        if (decoded != null) {
            return decoded.contains(name);
        }
        for (int i = 0; i < count; i++) {
            if (isNamed(starts[i] + 1, name)) {
                return true;
            }
        }
        return false;
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
