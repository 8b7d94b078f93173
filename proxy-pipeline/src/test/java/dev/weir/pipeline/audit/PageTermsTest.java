package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class PageTermsTest {
    private static final int FULL = 500;
    private static final int STRANGERS = 10_000;

    private static List<AuditRow> rows(long from, long to) {
        return LongStream.rangeClosed(from, to)
                .mapToObj(number -> SpillTest.row(number, "b"))
                .toList();
    }

    private static PageTerms terms(List<AuditRow> rows) {
        return PageTerms.of(SpillTest.stored(rows));
    }

    private static PageTerms read(PageTerms terms) {
        return Objects.requireNonNull(PageTerms.read(terms.bytes()));
    }

    @Test
    void everyNameThatOccursMayOccur() {
        PageTerms terms = read(terms(rows(1, FULL)));

        assertThat(rows(1, FULL)).allMatch(row -> terms.mayHold(row.entry().requestId()));
        assertThat(List.of("k", "m", "c", "r2")).allMatch(terms::mayHold);
    }

    @Test
    void ofNamesThatDoNotOccurFewMay() {
        PageTerms terms = read(terms(rows(1, FULL)));

        assertThat(IntStream.range(0, STRANGERS).filter(i -> terms.mayHold("stranger-" + i)))
                .hasSizeLessThan(STRANGERS / 20);
    }

    @Test
    void aPageThatTakesInAnotherHoldsTheNamesOfBoth() {
        PageTerms terms = terms(rows(1, 10));
        PageTerms both = Objects.requireNonNull(PageTerms.union(terms, terms(rows(11, 20))));

        assertThat(rows(1, 20)).allMatch(row -> both.mayHold(row.entry().requestId()));
        assertThat(PageTerms.union(terms, null)).isNull();
    }

    @Test
    void chatsThatStandAloneAreSeenIfTheyWereAnswered() {
        AuditRow failed = SpillTest.row(2, "b");
        AuditRow answered = AuditTableTest.at(failed, 1);

        assertThat(terms(List.of(failed)).mayHold(PageTerms.ALONE)).isFalse();
        assertThat(terms(List.of(answered)).mayHold(PageTerms.ALONE)).isTrue();
    }

    @Test
    void whatIsNoneSaysNothing() {
        assertThat(PageTerms.read(null)).isNull();
        assertThat(PageTerms.read(new byte[7])).isNull();
    }

    @Test
    void whatIsOnDiskIsReadByEveryVersion() {
        byte[] written = new byte[1_024];
        for (int bit : new int[] {7278, 826, 2566, 4306, 6046}) {
            written[bit / Byte.SIZE] |= (byte) (1 << bit % Byte.SIZE);
        }

        assertThat(Objects.requireNonNull(PageTerms.read(written)).mayHold("weir"))
                .isTrue();
    }
}
