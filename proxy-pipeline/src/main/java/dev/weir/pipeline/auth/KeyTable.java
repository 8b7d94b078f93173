package dev.weir.pipeline.auth;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Keys by their digests, in arrays of primitives: about 80 bytes a key, so that a million fit into the memory of every
 * instance. Grants are made when they are asked for, and those in use are kept. Immutable but for that; any thread.
 *
 * <p>An open-addressed table: digests are as good as random, so their first bytes are the hash, and a free slot is at most a
 * few steps away.
 */
final class KeyTable {
    static final KeyTable EMPTY = new Builder(0).build();

    private static final int DIGEST_BYTES = 32;
    private static final int HOT_GRANTS = 4_096;
    private static final String ID_PREFIX = "key_";
    private final int size;
    private final int[] slots;
    private final byte[] digests;
    private final long[] ids;
    private final long[] untilMillis;
    private final int[] policyOf;
    private final int[] nameEnds;
    private final byte[] names;
    private final KeyPolicy[] policies;
    private final AtomicReferenceArray<@Nullable Hot> hot;
    private final long madeMillis = System.currentTimeMillis();
    private final int good;

    /** One key, by one of its secrets. */
    static final class Row {
        private final byte[] digest;
        private final long id;
        private final String name;
        private final KeyPolicy policy;
        private final long untilMillis;

        /** Takes {@code digest}; {@code untilMillis} 0 for without end. */
        Row(byte[] digest, long id, String name, KeyPolicy policy, long untilMillis) {
            this.digest = digest;
            this.id = id;
            this.name = name;
            this.policy = policy;
            this.untilMillis = untilMillis;
        }

        byte[] digest() {
            return digest;
        }

        long id() {
            return id;
        }

        String name() {
            return name;
        }

        KeyPolicy policy() {
            return policy;
        }

        long untilMillis() {
            return untilMillis;
        }
    }

    private record Hot(int row, Grant grant) {}

    private KeyTable(Builder builder) {
        size = builder.size;
        builder.resize(size);
        digests = builder.digests;
        ids = builder.ids;
        untilMillis = builder.untilMillis;
        policyOf = builder.policyOf;
        nameEnds = builder.nameEnds;
        names = Arrays.copyOf(builder.names, size == 0 ? 0 : nameEnds[size - 1]);
        policies = builder.policies.toArray(KeyPolicy[]::new);
        slots = new int[Math.max(2, Integer.highestOneBit(Math.max(1, size)) * 2)];
        for (int row = 0; row < size; row++) {
            int slot = slot(digests, row * DIGEST_BYTES);
            while (slots[slot] != 0) {
                slot = (slot + 1) & (slots.length - 1);
            }
            slots[slot] = row + 1;
        }
        hot = new AtomicReferenceArray<>(Math.min(HOT_GRANTS, Math.max(1, slots.length)));
        int count = 0;
        for (int row = 0; row < size; row++) {
            count += wasGood(row) ? 1 : 0;
        }
        good = count;
    }

    /** {@code key_} and the bits in hexadecimal digits. */
    static String idText(byte[] bits) {
        return ID_PREFIX + HexFormat.of().formatHex(bits);
    }

    private static String idText(long bits) {
        return ID_PREFIX + HexFormat.of().toHexDigits(bits);
    }

    /** What {@link #idText} was made of. */
    static long idBits(String id) {
        return HexFormat.fromHexDigitsToLong(id, ID_PREFIX.length(), id.length());
    }

    int size() {
        return size;
    }

    /** How many rows were neither revoked nor expired when this was made. */
    int good() {
        return good;
    }

    boolean wasGood(int row) {
        return !policies[policyOf[row]].revoked() && (untilMillis[row] == 0 || untilMillis[row] > madeMillis);
    }

    private int slot(byte[] bytes, int at) {
        int hash =
                bytes[at] << 24 | (bytes[at + 1] & 0xff) << 16 | (bytes[at + 2] & 0xff) << 8 | (bytes[at + 3] & 0xff);
        return hash & (slots.length - 1);
    }

    /** The row of a digest, or -1. */
    int find(byte[] digest) {
        int slot = slot(digest, 0);
        while (slots[slot] != 0) {
            int row = slots[slot] - 1;
            if (isEqual(digest, row * DIGEST_BYTES)) {
                return row;
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        return -1;
    }

    /** In constant time: how long it takes tells nothing about a digest. */
    private boolean isEqual(byte[] digest, int at) {
        int difference = 0;
        for (int i = 0; i < DIGEST_BYTES; i++) {
            difference |= digest[i] ^ digests[at + i];
        }
        return difference == 0;
    }

    /**
     * What the key of a row is good for.
     *
     * @throws GatewayException if it was revoked, has expired or is blocked
     */
    Grant grant(int row) throws GatewayException {
        KeyPolicy policy = policies[policyOf[row]];
        if (policy.revoked()) {
            throw new GatewayException(GatewayError.INVALID_API_KEY, "the API key that was sent was revoked");
        }
        if (untilMillis[row] != 0 && untilMillis[row] <= System.currentTimeMillis()) {
            throw new GatewayException(
                    GatewayError.INVALID_API_KEY, "the API key that was sent has expired, or was replaced by another");
        }
        if (policy.blocked()) {
            throw new GatewayException(
                    GatewayError.FORBIDDEN, "this API key is blocked for now: ask whoever gave it to you");
        }
        int place = row & (hot.length() - 1);
        Hot known = hot.get(place);
        if (known != null && known.row == row) {
            return known.grant;
        }
        String id = idText(ids[row]);
        Grant grant = new Grant(
                new Identity(id, name(row), false, policy.mayManage(), policy.models(), policy.limits()),
                policy.routes(),
                policy.onlyReads(),
                policy.budget());
        hot.set(place, new Hot(row, grant));
        return grant;
    }

    private String name(int row) {
        int from = row == 0 ? 0 : nameEnds[row - 1];
        return new String(names, from, nameEnds[row] - from, StandardCharsets.UTF_8);
    }

    Row row(int row) {
        byte[] digest = Arrays.copyOfRange(digests, row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES);
        return new Row(digest, ids[row], name(row), policies[policyOf[row]], untilMillis[row]);
    }

    /** Collects rows, until {@link #build} takes them. For one thread. */
    static final class Builder {
        private final Map<KeyPolicy, Integer> known = new HashMap<>();
        private final List<KeyPolicy> policies = new ArrayList<>();
        private int size;
        private byte[] digests;
        private long[] ids;
        private long[] untilMillis;
        private int[] policyOf;
        private int[] nameEnds;
        private byte[] names;
        private int nameEnd;

        /** @param expected how many rows will come, as far as one knows: if it is true, nothing is copied */
        Builder(int expected) {
            digests = new byte[expected * DIGEST_BYTES];
            ids = new long[expected];
            untilMillis = new long[expected];
            policyOf = new int[expected];
            nameEnds = new int[expected];
            names = new byte[expected * 16];
        }

        /** Adds a row; no digest may come twice. */
        void add(Row row) {
            if (size == ids.length) {
                resize(Math.max(16, size + size / 2));
            }
            byte[] name = row.name().getBytes(StandardCharsets.UTF_8);
            if (nameEnd + name.length > names.length) {
                names = Arrays.copyOf(names, Math.max(nameEnd + name.length, names.length + names.length / 2));
            }
            System.arraycopy(row.digest(), 0, digests, size * DIGEST_BYTES, DIGEST_BYTES);
            System.arraycopy(name, 0, names, nameEnd, name.length);
            nameEnd += name.length;
            ids[size] = row.id();
            untilMillis[size] = row.untilMillis();
            policyOf[size] = known.computeIfAbsent(row.policy(), this::enter);
            nameEnds[size] = nameEnd;
            size++;
        }

        private int enter(KeyPolicy policy) {
            policies.add(policy);
            return policies.size() - 1;
        }

        /** Of a million keys no copy is made that need not be. */
        private void resize(int room) {
            if (room == ids.length) {
                return;
            }
            digests = Arrays.copyOf(digests, room * DIGEST_BYTES);
            ids = Arrays.copyOf(ids, room);
            untilMillis = Arrays.copyOf(untilMillis, room);
            policyOf = Arrays.copyOf(policyOf, room);
            nameEnds = Arrays.copyOf(nameEnds, room);
        }

        KeyTable build() {
            return new KeyTable(this);
        }
    }
}
