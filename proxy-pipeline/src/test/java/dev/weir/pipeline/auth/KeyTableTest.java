package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Limits;
import dev.weir.core.ModelPatterns;
import dev.weir.pipeline.auth.KeyTable.Row;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Keys in memory. */
final class KeyTableTest {
    private static final int MILLION = 1_000_000;
    private static final int LOOKUPS = 5_000_000;

    private static KeyPolicy policy(int i) {
        return new KeyPolicy(
                Set.of(KeyScope.CLIENT),
                new ModelPatterns(List.of("llama*")),
                new Limits(i, 0, 0),
                KeyBudget.NONE,
                false,
                false);
    }

    private static byte[] digest(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ByteBuffer bytes = ByteBuffer.allocate(32);
        while (bytes.hasRemaining()) {
            bytes.putLong(random.nextLong());
        }
        return bytes.array();
    }

    private static KeyTable table(int keys) {
        KeyTable.Builder builder = new KeyTable.Builder(16);
        for (int i = 0; i < keys; i++) {
            builder.add(new Row(digest(i), i, "key " + i, policy(i % 10), 0));
        }
        return builder.build();
    }

    @Test
    void everyKeyIsFoundAndNoOther() throws Exception {
        KeyTable table = table(20_000);

        for (int i = 0; i < 20_000; i++) {
            Grant grant = Objects.requireNonNull(table.grant(table.find(digest(i))));
            assertThat(grant.identity().name()).isEqualTo("key " + i);
            assertThat(grant.identity().limits().requestsPerMinute()).isEqualTo(i % 10);
            assertThat(KeyTable.idBits(grant.identity().id())).isEqualTo(i);
        }
        for (int i = 20_000; i < 40_000; i++) {
            assertThat(table.find(digest(i))).isNegative();
        }
    }

    @Test
    void nothingIsFoundInNone() {
        assertThat(KeyTable.EMPTY.find(digest(1))).isNegative();
    }

    @Test
    void digestsThatBeginAlikeAreToldApart() {
        byte[] one = new byte[32];
        byte[] other = new byte[32];
        byte[] third = new byte[32];
        other[31] = 1;
        third[16] = 1;
        KeyTable.Builder builder = new KeyTable.Builder(2);
        builder.add(new Row(one, 1, "one", policy(1), 0));
        builder.add(new Row(other, 2, "other", policy(1), 0));
        KeyTable table = builder.build();

        assertThat(table.row(table.find(one)).name()).isEqualTo("one");
        assertThat(table.row(table.find(other)).name()).isEqualTo("other");
        assertThat(table.find(third)).isNegative();
    }

    /** Not a test of right and wrong: what a million keys cost, for docs/KEYS.md. */
    @Test
    @EnabledIfSystemProperty(named = "weir.measure", matches = "true")
    void whatAMillionKeysCost() throws Exception {
        long before = used();
        KeyTable table = table(MILLION);
        long bytes = used() - before;
        byte[][] digests = new byte[100_000][];
        for (int i = 0; i < digests.length; i++) {
            digests[i] = digest(i * 10L);
        }
        long found = 0;
        long nanos = 0;
        for (int round = 0; round < 3; round++) {
            found = 0;
            long start = System.nanoTime();
            for (int i = 0; i < LOOKUPS; i++) {
                found += table.find(digests[i % digests.length]) >= 0 ? 1 : 0;
            }
            nanos = System.nanoTime() - start;
        }

        assertThat(found).isEqualTo(LOOKUPS);
        assertThat("a key takes " + bytes / MILLION + " bytes, a lookup " + nanos / LOOKUPS + " ns")
                .as("measured")
                .isEqualTo("shown by failing");
        assertThat(table.size()).isEqualTo(MILLION);
    }

    private static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
