package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TallyTest {
    private static final Path MEMORY = Path.of("/dev/shm");

    private final String writer = UUID.randomUUID().toString();

    @TempDir
    private Path directory;

    @BeforeEach
    void whereMemoryIsAFileSystem() {
        assumeTrue(Files.isWritable(MEMORY), "no /dev/shm here");
    }

    @Test
    void anotherProcessReadsWhatWasCounted() {
        try (Tally tally = Tally.of(MEMORY, writer)) {
            assertThat(Tally.read(MEMORY, writer)).hasValue(0);
            tally.add(3);
            tally.add(-1);
            assertThat(Tally.read(MEMORY, writer)).hasValue(2);
            assertThat(tally.get()).isEqualTo(2);
        }
    }

    @Test
    void whoEndsInOrderLeavesNone() {
        Tally.of(MEMORY, writer).close();

        assertThat(Tally.read(MEMORY, writer)).isEmpty();
    }

    @Test
    void allThreadsAreCounted() {
        try (Tally tally = Tally.of(MEMORY, writer)) {
            CompletableFuture.allOf(IntStream.range(0, 4)
                            .mapToObj(thread -> CompletableFuture.runAsync(() -> {
                                for (int i = 0; i < 10_000; i++) {
                                    tally.add(1);
                                }
                            }))
                            .toArray(CompletableFuture[]::new))
                    .join();
            assertThat(Tally.read(MEMORY, writer)).hasValue(40_000);
        }
    }

    @Test
    void withoutSuchAFileSystemItCountsForItself() {
        Path nowhere = directory.resolve("nowhere");
        try (Tally tally = Tally.of(nowhere, writer)) {
            tally.add(5);
            assertThat(tally.get()).isEqualTo(5);
            assertThat(Tally.read(nowhere, writer)).isEmpty();
        }
    }

    @Test
    void nobodyElseMayReadIt() throws Exception {
        try (Tally tally = Tally.of(MEMORY, writer)) {
            assertThat(PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(MEMORY.resolve("weir-audit-" + writer))))
                    .isEqualTo("rw-------");
            assertThat(tally.get()).isZero();
        }
    }

    @Test
    void whatOthersHavePutInItsPlaceIsLeftAloneAndNotBelieved() throws Exception {
        Path target = Files.write(directory.resolve("target"), new byte[8]);
        Path link = Files.createSymbolicLink(MEMORY.resolve("weir-audit-" + writer), target);
        try (Tally tally = Tally.of(MEMORY, writer)) {
            tally.add(1);
            assertThat(tally.get()).isEqualTo(1);
            assertThat(Tally.read(MEMORY, writer)).isEmpty();
            assertThat(Files.readAllBytes(target)).isEqualTo(new byte[8]);
        } finally {
            assertThat(Files.deleteIfExists(link)).isTrue();
        }
    }
}
