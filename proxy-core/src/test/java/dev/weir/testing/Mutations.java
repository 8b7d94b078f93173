package dev.weir.testing;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Feeds code with what a corpus becomes by accident and by malice. Seeded, so that a failure names the input that made it;
 * {@code -Dweir.fuzz.seconds=N} goes on for so long, each time with other seeds.
 */
public final class Mutations {
    private static final long SECONDS = Long.getLong("weir.fuzz.seconds", 0);

    private final List<byte[]> corpus;
    private final List<byte[]> dictionary;

    /**
     * @param corpus good and bad examples, in ISO 8859-1
     * @param dictionary what may make a difference where it stands
     */
    public Mutations(List<String> corpus, List<String> dictionary) {
        this.corpus = corpus.stream()
                .map(text -> text.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
        this.dictionary = dictionary.stream()
                .map(text -> text.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
    }

    /**
     * Hands {@code check} at least {@code count} inputs, each with a source of chance that belongs to it.
     *
     * @throws AssertionError with the seed and the input, if it throws anything
     */
    public void forEach(int count, BiConsumer<byte[], Random> check) {
        long first = SECONDS == 0 ? 1 : System.nanoTime();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        for (long i = 0; i < count || System.nanoTime() - end < 0; i++) {
            Random random = new Random(first + i);
            byte[] input = next(random);
            try {
                check.accept(input, random);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "seed " + (first + i) + ", input:\n" + new String(input, StandardCharsets.ISO_8859_1), e);
            }
        }
    }

    private byte[] next(Random random) {
        byte[] input = corpus.get(random.nextInt(corpus.size()));
        for (int i = random.nextInt(4); i > 0; i--) {
            input = mutated(input, random);
        }
        return input;
    }

    private byte[] mutated(byte[] input, Random random) {
        int at = random.nextInt(input.length + 1);
        int end = Math.min(input.length, at + random.nextInt(1 + random.nextInt(40)));
        return switch (random.nextInt(6)) {
            case 0 -> spliced(input, at, end, new byte[0]);
            case 1 -> spliced(input, at, at, dictionary.get(random.nextInt(dictionary.size())));
            case 2 -> spliced(input, at, end, dictionary.get(random.nextInt(dictionary.size())));
            case 3 -> spliced(input, at, Math.min(input.length, at + 1), new byte[] {(byte) random.nextInt(256)});
            case 4 -> spliced(input, at, at, java.util.Arrays.copyOfRange(input, at, end));
            default -> spliced(input, at, input.length, corpus.get(random.nextInt(corpus.size())));
        };
    }

    private static byte[] spliced(byte[] input, int from, int to, byte[] with) {
        byte[] result = new byte[input.length - (to - from) + with.length];
        System.arraycopy(input, 0, result, 0, from);
        System.arraycopy(with, 0, result, from, with.length);
        System.arraycopy(input, to, result, from + with.length, input.length - to);
        return result;
    }
}
