package dev.weir.pipeline.audit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Which names occur in a page: a Bloom filter (B. H. Bloom, 1970) of ids, keys, models and conversations. It never denies one that
 * does occur; of those that do not it lets some 2 % through when the page is full. Not changed once it is made.
 */
final class PageTerms {
    private static final int BYTES = 1_024;
    private static final int BITS = 8 * BYTES;

    /** How many bits a name sets: about the best for a thousand names. */
    private static final int HASHES = 5;

    /** A name that nobody has: where it occurs, there are chats that were answered and stand alone. */
    static final String ALONE = "\0alone";

    private final long[] words = new long[BITS / Long.SIZE];

    static PageTerms of(Collection<StoredRow> rows) {
        PageTerms terms = new PageTerms();
        rows.forEach(row -> terms.add(row.terms()));
        return terms;
    }

    /** What is noted of a record's names. */
    static long[] hashes(AuditRow row) {
        AuditEntry entry = row.entry();
        return new long[] {
            hash(entry.requestId()),
            hash(entry.sender().keyId()),
            hash(entry.call().model()),
            hash(entry.service().model()),
            hash(row.isAnsweredAlone() ? ALONE : entry.call().conversation())
        };
    }

    /** For who makes it. */
    void add(long[] hashes) {
        for (long hash : hashes) {
            for (int i = 0; i < HASHES; i++) {
                int bit = bit(hash, i);
                words[bit / Long.SIZE] |= 1L << bit;
            }
        }
    }

    /** @return null if it is none: then every name may occur */
    static @Nullable PageTerms read(byte @Nullable [] bytes) {
        if (bytes == null || bytes.length != BYTES) {
            return null;
        }
        PageTerms terms = new PageTerms();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(terms.words);
        return terms;
    }

    byte[] bytes() {
        byte[] bytes = new byte[BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(words);
        return bytes;
    }

    boolean mayHold(String name) {
        long hash = hash(name);
        for (int i = 0; i < HASHES; i++) {
            int bit = bit(hash, i);
            if ((words[bit / Long.SIZE] & 1L << bit) == 0) {
                return false;
            }
        }
        return true;
    }

    /** What occurs in one of them. */
    static @Nullable PageTerms union(@Nullable PageTerms one, @Nullable PageTerms other) {
        if (one == null || other == null) {
            return null;
        }
        PageTerms both = new PageTerms();
        for (int i = 0; i < both.words.length; i++) {
            both.words[i] = one.words[i] | other.words[i];
        }
        return both;
    }

    /** Two halves stand for as many hash functions as are wanted (Kirsch and Mitzenmacher, 2006). */
    private static int bit(long hash, int function) {
        return ((int) hash + function * (int) (hash >>> 32)) & BITS - 1;
    }

    /** What is on disk hangs on it. The string's own hash is specified; the rest is the finalizer of SplitMix64. */
    private static long hash(String name) {
        long mixed = name.hashCode() * 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ mixed >>> 30) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
        return mixed ^ mixed >>> 31;
    }
}
