package dev.weir.pipeline.cache;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Feeds SHA-256 through a small buffer. What is added is framed by its kind and length, so that two different sequences
 * never feed the same bytes. One for each thread: begin, add, finish, without anything else between.
 */
final class Digester {
    private static final int BUFFER_BYTES = 8 * 1024;
    private static final int HASH_BYTES = 32;
    private static final FastThreadLocal<Digester> LOCAL = new FastThreadLocal<>() {
        @Override
        protected Digester initialValue() {
            return new Digester();
        }
    };

    private final MessageDigest sha256;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private final byte[] hash = new byte[HASH_BYTES];
    private final ByteBuffer hashNumbers = ByteBuffer.wrap(hash);
    private int used;

    private Digester() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** This thread's digester, emptied. */
    static Digester begin() {
        Digester digester = LOCAL.get();
        digester.sha256.reset();
        digester.used = 0;
        return digester;
    }

    Digester tag(char tag) {
        room(1);
        buffer[used++] = (byte) tag;
        return this;
    }

    Digester number(int value) {
        room(4);
        buffer[used++] = (byte) (value >>> 24);
        buffer[used++] = (byte) (value >>> 16);
        buffer[used++] = (byte) (value >>> 8);
        buffer[used++] = (byte) value;
        return this;
    }

    /** Adds UTF-16 units: unlike bytes of UTF-8 they tell lone surrogates apart. */
    Digester text(String text) {
        int length = text.length();
        number(length);
        for (int i = 0; i < length; i++) {
            char unit = text.charAt(i);
            room(2);
            buffer[used++] = (byte) (unit >>> 8);
            buffer[used++] = (byte) unit;
        }
        return this;
    }

    Digester key(CacheKey key) {
        return number((int) (key.a() >>> 32))
                .number((int) key.a())
                .number((int) (key.b() >>> 32))
                .number((int) key.b())
                .number((int) (key.c() >>> 32))
                .number((int) key.c())
                .number((int) (key.d() >>> 32))
                .number((int) key.d());
    }

    /** Adds the readable bytes. Borrows {@code bytes} and moves no index. */
    Digester bytes(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        number(end - at);
        while (at < end) {
            room(1);
            int part = Math.min(end - at, BUFFER_BYTES - used);
            bytes.getBytes(at, buffer, used, part);
            used += part;
            at += part;
        }
        return this;
    }

    /** Adds those from {@code start} to {@code end}. */
    Digester bytes(byte[] bytes, int start, int end) {
        number(end - start);
        if (end - start > BUFFER_BYTES - used) {
            drain();
            sha256.update(bytes, start, end - start);
        } else {
            System.arraycopy(bytes, start, buffer, used, end - start);
            used += end - start;
        }
        return this;
    }

    CacheKey finish() {
        drain();
        try {
            sha256.digest(hash, 0, HASH_BYTES);
        } catch (DigestException e) {
            throw new IllegalStateException("a hash of SHA-256 has 32 bytes", e);
        }
        return new CacheKey(
                hashNumbers.getLong(0), hashNumbers.getLong(8), hashNumbers.getLong(16), hashNumbers.getLong(24));
    }

    private void room(int more) {
        if (BUFFER_BYTES - used < more) {
            drain();
        }
    }

    private void drain() {
        sha256.update(buffer, 0, used);
        used = 0;
    }
}
