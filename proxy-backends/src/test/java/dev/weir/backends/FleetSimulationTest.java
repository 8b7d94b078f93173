package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A minute of mixed traffic for more models than fit, many times over: three hosts, two of ten models at a time, 2 s to load. */
class FleetSimulationTest {
    private static final int SEEDS = 21;

    private static FleetSimulation.Settings traffic(double perSecond) {
        return new FleetSimulation.Settings(3, 10, 2, 4, 2_000, perSecond, 60);
    }

    private static FleetSimulation.Result run(double perSecond, Balancing.Balance balance, long seed) {
        return new FleetSimulation(traffic(perSecond), balance).run(seed);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    @Test
    void firstTokensComeThreeTimesSoonerThanWhereNobodyCaresWhatIsLoaded() {
        List<Double> ratios = new ArrayList<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            FleetSimulation.Result blind = run(4, Balancing.Balance.WEIGHT, seed);
            FleetSimulation.Result warm = run(4, Balancing.Balance.WARM, seed);
            assertThat(warm.loads()).isLessThan(blind.loads());
            ratios.add(blind.p95() / warm.p95());
        }

        assertThat(median(ratios)).isGreaterThan(3);
    }

    @Test
    void whoeverHasToHaveItsModelLoadedSeldomWaitsForMoreThanThat() {
        List<Double> p95 = new ArrayList<>();
        List<Double> max = new ArrayList<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            FleetSimulation.Result warm = run(3, Balancing.Balance.WARM, seed);
            p95.add(warm.p95());
            max.add(warm.max());
        }

        assertThat(median(p95)).isBetween(2.0, 2.6);
        assertThat(median(max)).isLessThan(5);
    }
}
