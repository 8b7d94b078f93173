package dev.weir.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class FigureTest {
    private static Figure of(Double... values) {
        return new Figure("cell", "", "µs", Peer.WEIR, List.of(values));
    }

    @Test
    void theMedianOfAnOddNumberOfRoundsIsTheMiddleOne() {
        assertThat(of(9.0, 1.0, 4.0).median()).isEqualTo(4);
    }

    @Test
    void theMedianOfAnEvenNumberOfRoundsLiesBetweenTheMiddleTwo() {
        assertThat(of(9.0, 1.0, 4.0, 5.0).median()).isEqualTo(4.5);
    }

    @Test
    void theSpreadIsFromTheLowestToTheHighest() {
        assertThat(List.of(of(9.0, 1.0, 4.0).lowest(), of(9.0, 1.0, 4.0).highest()))
                .containsExactly(1.0, 9.0);
    }

    @Test
    void aFigureWithoutValuesIsNone() {
        assertThatThrownBy(FigureTest::of).hasMessageContaining("values");
    }
}
