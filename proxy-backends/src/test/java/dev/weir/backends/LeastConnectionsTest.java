package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.core.Transport;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

class LeastConnectionsTest {
    private static Target target(String name, int weight, int maxInFlight) {
        BackendSpec spec = BackendSpec.of(name, "http://127.0.0.1:9", BackendSpec.Kind.OLLAMA);
        BackendSpec limited = new BackendSpec(
                name,
                spec.url(),
                spec.kind(),
                1,
                maxInFlight,
                null,
                spec.headers(),
                spec.timeouts(),
                spec.pool(),
                spec.health(),
                new BackendSpec.Eject(1, 60_000, 60_000),
                null);
        try {
            return new Target(new Backend(limited, new Connector(Transport.NIO, limited)), "m", weight);
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Choice choose(List<Target> targets, List<Backend> tried) {
        Asker asker = new Asker("", Asker.NO_AFFINITY);
        tried.forEach(asker::tried);
        return new Balancer(targets, Balancing.DEFAULT).choose(asker, 0);
    }

    private static Lease take(List<Target> targets) {
        Choice choice = choose(targets, List.of());
        assertThat(choice).isInstanceOf(Lease.class);
        return (Lease) choice;
    }

    private static int[] inFlight(List<Target> targets) {
        return targets.stream().mapToInt(target -> target.backend().inFlight()).toArray();
    }

    @Test
    void oneRequestAtATimeIsSpreadByWeight() {
        List<Target> targets = List.of(target("a", 2, 64), target("b", 1, 64));
        int first = 0;
        for (int i = 0; i < 30_000; i++) {
            Lease lease = take(targets);
            first += lease.target().equals(targets.get(0)) ? 1 : 0;
            lease.release(Lease.Verdict.WORKS);
        }

        assertThat(first / 30_000.0).isCloseTo(2 / 3.0, within(0.02));
    }

    @Test
    void concurrentRequestsFillBackendsInProportionToTheirWeights() {
        List<Target> targets = List.of(target("a", 3, 1_000), target("b", 2, 1_000), target("c", 1, 1_000));
        for (int i = 0; i < 600; i++) {
            take(targets);
        }

        assertThat(inFlight(targets)).containsExactly(300, 200, 100);
    }

    @Test
    void aSlowBackendGetsFewerRequestsThanAFastOne() {
        List<Target> targets = List.of(target("fast", 1, 64), target("slow", 1, 64));
        // A request takes one step on the fast backend and four on the slow one; eight are always in flight.
        List<Deque<Lease>> ends = IntStream.range(0, 5)
                .<Deque<Lease>>mapToObj(i -> new ArrayDeque<>())
                .toList();
        int[] served = new int[2];
        int busy = 0;
        for (int step = 0; step < 20_000; step++) {
            Deque<Lease> ending = ends.get(step % 5);
            busy -= ending.size();
            ending.forEach(lease -> lease.release(Lease.Verdict.WORKS));
            ending.clear();
            for (; busy < 8; busy++) {
                Lease lease = take(targets);
                boolean fast = lease.target().equals(targets.get(0));
                served[fast ? 0 : 1]++;
                ends.get((step + (fast ? 1 : 4)) % 5).add(lease);
            }
        }

        assertThat((double) served[0] / served[1]).isBetween(3.0, 5.0);
    }

    @Test
    void theChoiceIsAlwaysTheLeastLoadedOfThoseThatMayServe() {
        Random random = new Random(7);
        for (int round = 0; round < 2_000; round++) {
            List<Target> targets = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(8); i++) {
                targets.add(target("b" + i, 1 + random.nextInt(5), 1 + random.nextInt(6)));
            }
            for (int i = 0; i < random.nextInt(40); i++) {
                choose(List.of(targets.get(random.nextInt(targets.size()))), List.of());
            }
            List<Backend> tried = targets.stream()
                    .map(Target::backend)
                    .filter(backend -> random.nextInt(4) == 0)
                    .toList();
            int[] before = inFlight(targets);

            Choice choice = choose(targets, tried);

            double least = IntStream.range(0, targets.size())
                    .filter(i -> !tried.contains(targets.get(i).backend()))
                    .filter(i -> before[i] < targets.get(i).backend().spec().maxInFlight())
                    .mapToDouble(i -> (double) before[i] / targets.get(i).weight())
                    .min()
                    .orElse(-1);
            if (choice instanceof Lease lease) {
                int chosen = targets.indexOf(lease.target());
                assertThat((double) before[chosen] / lease.target().weight()).isEqualTo(least);
            } else {
                assertThat(least).isEqualTo(-1);
                boolean allTried = targets.stream().allMatch(target -> tried.contains(target.backend()));
                assertThat(choice).isEqualTo(allTried ? Choice.None.DOWN : Choice.None.BUSY);
            }
        }
    }

    @Test
    void anEjectedBackendIsLeftOut() {
        List<Target> targets = List.of(target("a", 1, 64), target("b", 1, 64));
        targets.get(0).backend().availability().failed(false);

        for (int i = 0; i < 20; i++) {
            assertThat(take(targets).target()).isSameAs(targets.get(1));
        }
    }

    @Test
    void whenAllAreOutOneRequestAtATimeTriesEach() {
        List<Target> targets = List.of(target("a", 1, 64), target("b", 1, 64));
        targets.forEach(target -> target.backend().availability().failed(false));

        Lease first = take(targets);
        take(targets);
        assertThat(choose(targets, List.of())).isEqualTo(Choice.None.DOWN);

        first.release(Lease.Verdict.WORKS);
        assertThat(take(targets).target()).isSameAs(first.target());
    }

    @Test
    void leasesGivenBackTwiceCountOnce() {
        List<Target> targets = List.of(target("a", 1, 64));
        Lease lease = take(targets);
        take(targets);

        lease.release(Lease.Verdict.NOTHING);
        lease.release(Lease.Verdict.NOTHING);

        assertThat(inFlight(targets)).containsExactly(1);
    }

    @Test
    void countsReturnToZeroAfterAHundredThousandRequestsOnManyThreads() throws InterruptedException {
        List<Target> targets = List.of(target("a", 2, 8), target("b", 1, 8), target("c", 1, 8));
        Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            Random random = new Random(t);
            threads[t] = new Thread(() -> {
                Deque<Lease> held = new ArrayDeque<>();
                for (int i = 0; i < 25_000; i++) {
                    if (choose(targets, List.of()) instanceof Lease lease) {
                        held.add(lease);
                    }
                    while (held.size() > random.nextInt(6)) {
                        Lease.Verdict[] verdicts = Lease.Verdict.values();
                        held.remove().release(verdicts[random.nextInt(verdicts.length)]);
                    }
                }
                held.forEach(lease -> lease.release(Lease.Verdict.NOTHING));
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join(20_000);
        }

        assertThat(Arrays.stream(inFlight(targets)).sum()).isZero();
    }
}
