package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.audit.AuditEntry.Body;
import dev.weir.pipeline.audit.AuditEntry.Call;
import dev.weir.pipeline.audit.AuditEntry.Result;
import dev.weir.pipeline.audit.AuditEntry.Sender;
import dev.weir.pipeline.audit.AuditEntry.Service;
import dev.weir.pipeline.audit.AuditEntry.Timing;
import dev.weir.pipeline.audit.AuditEntry.Traffic;
import dev.weir.pipeline.audit.SpillSegment.Page;
import dev.weir.testing.AllowsErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@AllowsErrors("what a crash left unfinished is logged")
final class SpillTest {
    private static final long MUCH = 1L << 30;

    @TempDir
    private Path parent;

    /** Every second one stands alone, the others are one conversation. */
    static AuditRow row(long sequence, String body) {
        boolean alone = sequence % 2 == 0;
        AuditEntry entry = new AuditEntry(
                1_000 + sequence,
                "r" + sequence,
                new Sender("k", "name", "ada", "::1"),
                new Call(
                        "POST",
                        "/v1/chat/completions",
                        "/v1/chat/completions",
                        "m",
                        alone ? "r" + sequence : "c",
                        true),
                new Service("m", "b", 2, "miss"),
                new Result(502, "cut", "backend_failed", "gone"),
                new Timing(3, 2, 1),
                new Traffic(10, 20, 30, 40, true),
                new Body(body, true),
                null);
        return new AuditRow(sequence, entry, "title", alone);
    }

    static List<StoredRow> stored(List<AuditRow> rows) {
        return rows.stream().map(StoredRow::of).toList();
    }

    private static List<StoredRow> rows(long from, long to) {
        return stored(LongStream.rangeClosed(from, to)
                .mapToObj(sequence -> row(sequence, "body ".repeat((int) (sequence % 7))))
                .toList());
    }

    private static List<Long> drain(Spill spill) throws IOException {
        List<Long> sequences = new ArrayList<>();
        for (Page page = spill.read(7, MUCH); !page.rows().isEmpty(); page = spill.read(7, MUCH)) {
            page.rows().forEach(row -> sequences.add(row.sequence()));
            spill.acknowledge(page);
        }
        return sequences;
    }

    private static List<Long> sequences(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    private Path segment() throws IOException {
        try (Stream<Path> files = Files.walk(parent)) {
            return files.filter(file -> file.toString().endsWith(SpillSegment.SUFFIX))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void rowsComeBackAsTheyWere() throws IOException {
        try (Spill spill = Spill.create(parent, "w")) {
            assertThat(spill.append(rows(1, 20), MUCH)).isTrue();

            assertThat(spill.read(100, MUCH).rows()).usingRecursiveComparison().isEqualTo(rows(1, 20));
            assertThat(drain(spill)).isEqualTo(sequences(1, 20));
            assertThat(spill.isEmpty()).isTrue();
            assertThat(spill.bytes()).isZero();
        }
    }

    @Test
    void whatIsNotAcknowledgedIsReadAgain() throws IOException {
        try (Spill spill = Spill.create(parent, "w")) {
            spill.append(rows(1, 20), MUCH);
            spill.acknowledge(spill.read(5, MUCH));
            spill.read(5, MUCH);

            spill.append(rows(21, 30), MUCH);

            assertThat(drain(spill)).isEqualTo(sequences(6, 30));
        }
    }

    @Test
    void itTakesNoMoreThanItMay() throws IOException {
        try (Spill spill = Spill.create(parent, "w")) {
            assertThat(spill.append(rows(1, 20), 10_000)).isTrue();
            assertThat(spill.append(rows(21, 60), 10_000)).isFalse();

            assertThat(drain(spill)).isEqualTo(sequences(1, 20));
            assertThat(spill.append(rows(21, 40), 10_000)).isTrue();
        }
    }

    @Test
    void filesAreForTheirOwnerOnly() throws IOException {
        try (Spill spill = Spill.create(parent, "w")) {
            spill.append(rows(1, 1), MUCH);

            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(segment())))
                    .isEqualTo("rw-------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(parent.resolve("w"))))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void whatAProcessHasLeftIsFoundByTheNextAndByNobodyElse() throws IOException {
        Spill mine = Spill.create(parent, "w1");
        mine.append(rows(1, 20), MUCH);
        mine.taken(25);
        assertThat(Spill.leftBehind(parent)).isEmpty();
        mine.close();

        List<Spill> left = Spill.leftBehind(parent);

        assertThat(left).hasSize(1);
        Spill found = left.get(0);
        assertThat(found.writer()).isEqualTo("w1");
        assertThat(found.taken()).isEqualTo(25);
        assertThat(drain(found)).isEqualTo(sequences(1, 20));
        found.delete();
        assertThat(parent).isEmptyDirectory();
    }

    @Test
    void aTornEndCostsTheRowsThatWereNotWrittenWhole() throws IOException {
        Random random = new Random(5);
        for (int i = 0; i < 50; i++) {
            Spill spill = Spill.create(parent, "w" + i);
            spill.append(rows(1, 10), MUCH);
            spill.close();
            Path file = segment();
            byte[] bytes = Files.readAllBytes(file);
            int kept = random.nextInt(bytes.length);
            Files.write(file, Arrays.copyOf(bytes, kept));

            Spill found = Spill.leftBehind(parent).get(0);

            List<Long> read = drain(found);
            assertThat(read).isEqualTo(sequences(1, read.size()));
            assertThat(read.size()).isLessThan(10).isGreaterThanOrEqualTo(kept * 10 / bytes.length - 3);
            found.delete();
        }
    }

    @Test
    void aFrameOfWhichOnlyPartOfTheHeadIsThereCostsNoOther() throws IOException {
        Spill spill = Spill.create(parent, "w");
        spill.append(rows(1, 5), MUCH);
        long before = spill.bytes();
        spill.append(rows(6, 6), MUCH);
        spill.close();
        Files.write(segment(), Arrays.copyOf(Files.readAllBytes(segment()), (int) before + 3));

        Spill found = Spill.leftBehind(parent).get(0);

        assertThat(drain(found)).isEqualTo(sequences(1, 5));
        found.delete();
    }

    @Test
    void zerosBehindTheLastFrameCostNothing() throws IOException {
        Spill spill = Spill.create(parent, "w");
        spill.append(rows(1, 5), MUCH);
        spill.close();
        byte[] bytes = Files.readAllBytes(segment());
        Files.write(segment(), Arrays.copyOf(bytes, bytes.length + 4_096));

        Spill found = Spill.leftBehind(parent).get(0);

        assertThat(drain(found)).isEqualTo(sequences(1, 5));
        found.delete();
    }

    @Test
    void titlesOfConversationsComeBackWithTheirRows() throws IOException {
        try (Spill spill = Spill.create(parent, "w")) {
            AuditRow row = AuditTableTest.at(row(1, "body"), 1);
            spill.append(stored(List.of(row)), MUCH);

            Conversation conversation = spill.read(1, MUCH).rows().get(0).conversation();

            assertThat(conversation).isEqualTo(Conversation.of(row));
            assertThat(row.title()).isEqualTo("title");
        }
    }

    /** As one that finds the disk full does; writes into the directory that it is told. */
    static final class CrampedWriter {
        private CrampedWriter() {}

        public static void main(String[] arguments) throws IOException {
            try (Spill spill = Spill.create(Path.of(arguments[0]), "w")) {
                spill.append(rows(1, 5), MUCH);
                try {
                    spill.append(rows(6, 1_000), MUCH);
                    throw new AssertionError("there is room for all");
                } catch (IOException full) {
                    if (arguments[1].equals("goes on")) {
                        spill.append(rows(6, 7), MUCH);
                    }
                }
            }
        }
    }

    /** Runs {@link CrampedWriter} where no file may be larger than 64 blocks: what is written beyond fails half way. */
    private void writeWhereThereIsLittleRoom(String then) throws Exception {
        Path log = parent.resolve("writer.log");
        Process writer = new ProcessBuilder(
                        "sh",
                        "-c",
                        "ulimit -f 64 && exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:-UsePerfData",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CrampedWriter.class.getName(),
                        parent.toString(),
                        then)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean ended = writer.waitFor(60, TimeUnit.SECONDS);
        writer.destroyForcibly();
        assertThat(ended).as("the writer ends").isTrue();
        assertThat(writer.exitValue()).as(Files.readString(log)).isZero();
    }

    @Test
    void nothingStaysOfRowsForWhichThereWasNoRoom() throws Exception {
        writeWhereThereIsLittleRoom("gives up");

        Spill found = Spill.leftBehind(parent).get(0);

        assertThat(drain(found)).isEqualTo(sequences(1, 5));
        found.delete();
    }

    @Test
    void nothingStaysBehindRowsThatFitAfterOthersDidNot() throws Exception {
        writeWhereThereIsLittleRoom("goes on");

        Spill found = Spill.leftBehind(parent).get(0);

        assertThat(drain(found)).isEqualTo(sequences(1, 7));
        found.delete();
    }

    @Test
    void aChangedByteIsNoticed() throws IOException {
        Spill spill = Spill.create(parent, "w");
        spill.append(rows(1, 10), MUCH);
        spill.close();
        byte[] bytes = Files.readAllBytes(segment());
        bytes[bytes.length / 2] ^= 1;
        Files.write(segment(), bytes);

        Spill found = Spill.leftBehind(parent).get(0);

        List<Long> read = drain(found);
        assertThat(read).isEqualTo(sequences(1, read.size())).hasSizeBetween(3, 6);
        found.delete();
    }
}
