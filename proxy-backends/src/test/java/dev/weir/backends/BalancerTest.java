package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who gets a request, given what is known of who has the model and has it loaded. */
class BalancerTest {
    private static final String MODEL = "llama3.2:3b";

    private final SimulatedFleet fleet = new SimulatedFleet();

    private SimulatedFleet hosts(int count, int parallel) {
        for (int i = 0; i < count; i++) {
            fleet.host(MODEL, 1, 64, parallel);
        }
        return fleet;
    }

    private Balancer balancer() {
        return new Balancer(fleet.targets(), Balancing.DEFAULT);
    }

    private Lease take(Balancer balancer) {
        return take(balancer, SimulatedFleet.asker(), 0);
    }

    private static Lease take(Balancer balancer, Asker asker, int queued) {
        Choice choice = balancer.choose(asker, queued);
        assertThat(choice).isInstanceOf(Lease.class);
        return (Lease) choice;
    }

    @Test
    void whoHasTheModelLoadedGoesFirst() {
        hosts(3, 4).loaded(0, false).loaded(1, true).loaded(2, false);
        Balancer balancer = balancer();

        for (int i = 0; i < 4; i++) {
            Lease lease = take(balancer);
            assertThat(lease.target()).isSameAs(fleet.target(1));
            assertThat(lease.reason()).isEqualTo(Reason.WARM);
        }
    }

    @Test
    void whoIsKnownNotToHaveTheModelIsPassedOver() {
        hosts(3, 0).absent(0).absent(2);

        for (int i = 0; i < 20; i++) {
            assertThat(take(balancer()).target()).isSameAs(fleet.target(1));
        }
    }

    @Test
    void unknownCountsAsHavingIt() {
        hosts(2, 0).absent(0);

        assertThat(take(balancer()).target()).isSameAs(fleet.target(1));
    }

    @Test
    void whenNobodyHasItSomebodyIsAskedAllTheSame() {
        hosts(2, 0).absent(0).absent(1);

        assertThat(balancer().choose(SimulatedFleet.asker(), 0)).isInstanceOf(Lease.class);
    }

    @Test
    void whoHasItIsNotReplacedByWhoHasNotWhenItIsOut() {
        hosts(2, 0).absent(0);
        fleet.target(1).backend().drain();

        assertThat(balancer().choose(SimulatedFleet.asker(), 0)).isEqualTo(Choice.None.DOWN);
    }

    @Test
    void aHundredAtOnceLoadAColdModelOnOneHost() {
        for (int i = 0; i < 3; i++) {
            fleet.host(MODEL, 1, 128, 0).loaded(i, false);
        }
        Balancer balancer = balancer();
        Lease first = take(balancer);

        assertThat(first.reason()).isEqualTo(Reason.COLD);
        for (int i = 0; i < 99; i++) {
            assertThat(take(balancer).target()).isSameAs(first.target());
        }
    }

    @Test
    void whoFindsAllLoadedHostsBusyWaitsWhileThatIsQuickerThanLoading() {
        hosts(2, 1).loaded(0, true).loaded(1, false);
        fleet.serve(0, 0, 10, 100);
        fleet.serve(1, 2_000, 10, 100);
        fleet.loaded(1, false);
        Balancer balancer = balancer();
        take(balancer);

        assertThat(balancer.choose(SimulatedFleet.asker(), 0)).isEqualTo(Choice.None.BUSY);
        assertThat(balancer.choose(SimulatedFleet.asker(), 10)).isEqualTo(Choice.None.BUSY);
    }

    @Test
    void aColdHostIsTakenWhenTheWaitIsExpectedToBeLongerThanLoading() {
        hosts(2, 1).loaded(0, true).loaded(1, false);
        fleet.serve(0, 0, 10, 100);
        fleet.serve(1, 2_000, 10, 100);
        fleet.pass(1);
        fleet.loaded(1, false);
        Balancer balancer = balancer();
        take(balancer);

        Lease spilled = take(balancer, SimulatedFleet.asker(), 30);

        assertThat(spilled.target()).isSameAs(fleet.target(1));
        assertThat(spilled.reason()).isEqualTo(Reason.COLD);
    }

    @Test
    void whoHasWaitedAsLongAsLoadingTakesGoesToAColdHost() {
        hosts(2, 1).loaded(0, true).loaded(1, false);
        Balancer balancer = balancer();
        take(balancer);
        Asker asker = SimulatedFleet.asker();
        assertThat(balancer.choose(asker, 0)).isEqualTo(Choice.None.BUSY);
        assertThat(balancer.patienceNanos(asker)).isEqualTo(ModelHosts.ASSUMED_LOAD_NANOS);

        asker.losePatience();

        assertThat(take(balancer, asker, 0).target()).isSameAs(fleet.target(1));
    }

    @Test
    void balanceByWeightIgnoresWhoHasItLoaded() {
        hosts(2, 0).loaded(0, true).loaded(1, false);
        Balancer balancer = new Balancer(fleet.targets(), new Balancing(Balancing.Balance.WEIGHT, Affinity.NONE, 0));
        for (int i = 0; i < 20; i++) {
            take(balancer);
        }

        assertThat(fleet.targets()).allMatch(target -> target.backend().inFlight() == 10);
    }

    @Test
    void differentModelsBehindOneNameGoByWeightWhoeverIsLoaded() {
        fleet.host("llama3.2:3b", 2, 64, 0).host("gemma2:2b", 1, 64, 0);
        fleet.loaded(0, false).loaded(1, true);
        Balancer balancer = balancer();
        for (int i = 0; i < 30; i++) {
            assertThat(take(balancer).reason()).isEqualTo(Reason.WEIGHT);
        }

        assertThat(fleet.target(0).backend().inFlight()).isEqualTo(20);
        assertThat(fleet.target(1).backend().inFlight()).isEqualTo(10);
    }

    @Test
    void sameModelsOfDifferentSpellingAreTheSame() {
        fleet.host("llama3", 1, 64, 0).host("LLAMA3:latest", 1, 64, 0);
        fleet.loaded(0, false).loaded(1, true);

        assertThat(take(balancer()).target()).isSameAs(fleet.target(1));
    }

    @Test
    void parallelIsALimitForEachModelOfABackend() {
        hosts(1, 2);
        Balancer balancer = balancer();
        Lease first = take(balancer);
        take(balancer);
        assertThat(balancer.choose(SimulatedFleet.asker(), 0)).isEqualTo(Choice.None.BUSY);

        first.release(Lease.Verdict.WORKS);

        take(balancer);
    }

    @Test
    void affinityBringsTheSameToTheSameAndSpreadsTheRest() {
        hosts(4, 0);
        Balancer balancer = balancer();
        int[] chosen = new int[4];
        for (long affinity = 1; affinity <= 400; affinity++) {
            Lease lease = take(balancer, new Asker("", affinity * 7919), 0);
            Target target = lease.target();
            assertThat(lease.reason()).isEqualTo(Reason.AFFINITY);
            lease.release(Lease.Verdict.WORKS);
            Lease again = take(balancer, new Asker("", affinity * 7919), 0);
            assertThat(again.target()).isSameAs(target);
            again.release(Lease.Verdict.WORKS);
            chosen[fleet.targets().indexOf(target)]++;
        }

        assertThat(IntStream.of(chosen)).allMatch(count -> count > 50 && count < 150);
    }

    @Test
    void affinityGivesWayWhenItsTargetIsMuchBusierThanTheOthers() {
        hosts(4, 0);
        Balancer balancer = balancer();
        for (int i = 0; i < 40; i++) {
            take(balancer, new Asker("", 42), 0);
        }

        assertThat(fleet.targets()).allMatch(target -> target.backend().inFlight() <= 1.25 * 10 + 2);
    }

    /** Ten thousand fleets of random knowledge, weights and loads: the choice is what the rules say in the plainest words. */
    @Test
    void theChoiceIsWhatTheRulesSay() {
        Random random = new Random(11);
        for (int round = 0; round < 10_000; round++) {
            SimulatedFleet some = randomFleet(random);
            Asker asker = SimulatedFleet.asker();
            some.targets().forEach(target -> {
                if (random.nextInt(6) == 0) {
                    asker.tried(target.backend());
                }
            });
            int queued = random.nextInt(3) == 0 ? random.nextInt(50) : 0;
            List<Target> allowed = Oracle.allowed(some.targets(), asker, queued);

            Choice choice = new Balancer(some.targets(), Balancing.DEFAULT).choose(asker, queued);

            if (choice instanceof Lease lease && lease.reason() != Reason.TRIAL) {
                assertThat(allowed).as("round %d", round).contains(lease.target());
            } else {
                assertThat(allowed.isEmpty() || allowed.contains(Oracle.WAIT))
                        .as("round %d", round)
                        .isTrue();
            }
        }
    }

    private static SimulatedFleet randomFleet(Random random) {
        SimulatedFleet fleet = new SimulatedFleet();
        int hosts = 1 + random.nextInt(6);
        for (int i = 0; i < hosts; i++) {
            fleet.host(MODEL, 1 + random.nextInt(3), 1 + random.nextInt(6), random.nextInt(4));
            if (random.nextInt(3) == 0) {
                fleet.loaded(i, false);
                fleet.serve(i, 200 + random.nextInt(3_000), 10, 10 + random.nextInt(2_000));
            }
            int knowledge = random.nextInt(5);
            fleet.pass(1);
            if (knowledge < 3) {
                fleet.loaded(i, knowledge == 0);
            } else if (knowledge == 3) {
                fleet.absent(i);
            }
        }
        IntStream.range(0, random.nextInt(12)).forEach(i -> {
            Target one = fleet.target(random.nextInt(hosts));
            boolean wasCold = !one.hosted().isLoaded();
            one.backend().acquire(one, Reason.WEIGHT);
            if (wasCold && random.nextBoolean()) {
                one.hosted().preloaded(fleet.now(), fleet.now(), false);
            }
        });
        if (random.nextInt(4) == 0) {
            fleet.target(random.nextInt(hosts)).backend().drain();
        }
        return fleet;
    }

    /** The rules in the plainest words. */
    private static final class Oracle {
        /** Stands for waiting, where colds that are equally busy would take different times to load. */
        static final Target WAIT = new SimulatedFleet().host("none", 1, 1, 0).target(0);

        static List<Target> allowed(List<Target> targets, Asker asker, int queued) {
            boolean nowhere = targets.stream().allMatch(t -> t.hosted().presence() == HostedModel.Presence.NO);
            List<Target> fit = targets.stream()
                    .filter(t -> t.backend().state().equals("up") && !asker.hasTried(t.backend()))
                    .filter(t -> nowhere || t.hosted().presence() != HostedModel.Presence.NO)
                    .toList();
            List<Target> free = fit.stream().filter(Oracle::hasSlot).toList();
            if (nowhere || targets.size() == 1) {
                return least(free);
            }
            List<Target> warm = least(free.stream().filter(t -> !isCold(t)).toList());
            List<Target> cold = least(free.stream().filter(Oracle::isCold).toList());
            if (cold.isEmpty()) {
                return warm;
            }
            List<Target> allowed = new ArrayList<>();
            for (Target w : warm) {
                for (Target c : cold) {
                    long wait = w.hosted().inFlight() / parallel(w) * w.hosted().serviceNanos();
                    allowed.add(wait > load(c, targets) ? c : w);
                }
            }
            if (warm.isEmpty()) {
                List<Target> busy = fit.stream().filter(t -> !isCold(t)).toList();
                for (Target c : cold) {
                    if (busy.isEmpty() || wait(busy, queued) > load(c, targets)) {
                        allowed.add(c);
                    } else {
                        allowed.add(WAIT);
                    }
                }
            }
            return allowed;
        }

        private static long wait(List<Target> busy, int queued) {
            long requests = queued;
            long slots = 0;
            long service = 0;
            for (Target target : busy) {
                requests += target.hosted().inFlight();
                slots += parallel(target);
                service += target.hosted().serviceNanos();
            }
            return requests / slots * (service / busy.size());
        }

        private static long load(Target cold, List<Target> targets) {
            if (cold.hosted().loadNanos() > 0) {
                return cold.hosted().loadNanos();
            }
            return targets.stream()
                    .mapToLong(t -> t.hosted().loadNanos())
                    .filter(nanos -> nanos > 0)
                    .findFirst()
                    .orElse(5_000_000_000L);
        }

        private static boolean isCold(Target target) {
            return target.hosted().residency() == HostedModel.Residency.COLD;
        }

        private static int parallel(Target target) {
            return Math.max(1, target.backend().spec().parallel());
        }

        private static boolean hasSlot(Target target) {
            int parallel = target.backend().spec().parallel();
            return target.backend().inFlight() < target.backend().spec().maxInFlight()
                    && (parallel == 0 || target.hosted().inFlight() < parallel);
        }

        private static List<Target> least(List<Target> free) {
            double least = free.stream().mapToDouble(Oracle::load).min().orElse(0);
            return free.stream().filter(t -> load(t) <= least + 1e-9).toList();
        }

        private static double load(Target target) {
            return (double) target.backend().inFlight() / target.weight();
        }
    }
}
