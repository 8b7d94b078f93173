package dev.weir.pipeline.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Limits;
import dev.weir.pipeline.limit.Subject.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class MemoryLimitsTest {
    private static final long MINUTE = 60_000_000;
    private static final long SECOND = 1_000_000;

    /** Near the point where the clock wraps around. */
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE / 1_000 - 5 * MINUTE);

    private final MemoryLimits limits = new MemoryLimits(now::get);

    private static Subject key(long requests, long tokens, int parallel) {
        return new Subject(Kind.KEY, "k", new Limits(requests, tokens, parallel));
    }

    private Decision take(long tokens, Subject... subjects) {
        return limits.take(new Demand(List.of(subjects), tokens, MINUTE));
    }

    private static Decision.Grant granted(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Granted.class);
        return ((Decision.Granted) decision).grant();
    }

    private static Decision.Refused refused(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Refused.class);
        return (Decision.Refused) decision;
    }

    @Test
    void aMinutesWorthMayComeAtOnceAndThenOneAtATime() {
        for (int i = 0; i < 7; i++) {
            granted(take(0, key(7, 0, 0)));
        }
        Decision.Refused refusal = refused(take(0, key(7, 0, 0)));
        assertThat(refusal.quantity()).isEqualTo(Quantity.REQUESTS);
        assertThat(refusal.waitMicros()).isEqualTo((MINUTE + 6) / 7);

        now.addAndGet(refusal.waitMicros() - 1);
        refused(take(0, key(7, 0, 0)));
        now.addAndGet(1);
        granted(take(0, key(7, 0, 0)));
        refused(take(0, key(7, 0, 0)));
    }

    @Test
    void aLongPauseFillsTheBucketAndNoMore() {
        for (int i = 0; i < 3; i++) {
            granted(take(0, key(3, 0, 0)));
        }
        now.addAndGet(TimeUnit.DAYS.toMicros(10_000));
        for (int i = 0; i < 3; i++) {
            granted(take(0, key(3, 0, 0)));
        }
        refused(take(0, key(3, 0, 0)));
    }

    @Test
    void tokensAreReservedAndSettledWithWhatWasTaken() {
        Decision.Grant first = granted(take(600, key(0, 1_000, 0)));
        assertThat(refused(take(600, key(0, 1_000, 0))).quantity()).isEqualTo(Quantity.TOKENS);
        first.settle(100);
        Decision.Grant second = granted(take(600, key(0, 1_000, 0)));
        second.settle(5_000);
        Decision.Refused refusal = refused(take(1, key(0, 1_000, 0)));
        assertThat(refusal.waitMicros()).isEqualTo((5_100 + 1 - 1_000) * MINUTE / 1_000);
    }

    @Test
    void anEstimateBeyondTheBucketPassesWhenItIsFull() {
        granted(take(1_000_000, key(0, 1_000, 0)));
        refused(take(1_000_000, key(0, 1_000, 0)));
        now.addAndGet(MINUTE);
        granted(take(1_000_000, key(0, 1_000, 0)));
    }

    @Test
    void whatIsRefusedByOneSubjectTakesNothingFromTheOthers() {
        Subject model = new Subject(Kind.MODEL, "m", new Limits(1, 0, 0));
        granted(take(0, key(10, 0, 10), model));
        for (int i = 0; i < 20; i++) {
            assertThat(refused(take(0, key(10, 0, 10), model)).subject()).isEqualTo(model);
        }
        for (int i = 0; i < 9; i++) {
            granted(take(0, key(10, 0, 10)));
        }
        refused(take(0, key(10, 0, 10)));
    }

    @Test
    void aRequestIsInFlightUntilItIsSettled() {
        Decision.Grant first = granted(take(0, key(0, 0, 2)));
        granted(take(0, key(0, 0, 2)));
        assertThat(refused(take(0, key(0, 0, 2))).quantity()).isEqualTo(Quantity.PARALLEL);
        first.settle(0);
        granted(take(0, key(0, 0, 2)));
    }

    @Test
    void whoeverIsIdleIsForgottenButNotWhoHasSomethingInFlight() {
        Decision.Grant grant = granted(take(0, key(1, 0, 1)));
        now.addAndGet(10 * MINUTE);
        limits.sweep(MINUTE);
        assertThat(limits.size()).isOne();
        refused(take(0, key(1, 0, 1)));
        grant.settle(0);
        now.addAndGet(MINUTE - 1);
        limits.sweep(MINUTE);
        assertThat(limits.size()).isOne();
        now.addAndGet(1);
        limits.sweep(MINUTE);
        assertThat(limits.size()).isZero();
        granted(take(0, key(1, 0, 1)));
    }

    @Test
    void limitsThatChangeCountFromWhatWasUsed() {
        for (int i = 0; i < 5; i++) {
            granted(take(0, key(5, 0, 0)));
        }
        for (int i = 0; i < 5; i++) {
            granted(take(0, key(10, 0, 0)));
        }
        refused(take(0, key(10, 0, 0)));
        refused(take(0, key(5, 0, 0)));
    }

    @Test
    void manyThreadsAreGivenExactlyWhatThereIs() throws Exception {
        Subject model = new Subject(Kind.MODEL, "m", new Limits(1_500, 0, 0));
        Subject all = new Subject(Kind.GLOBAL, "", new Limits(0, 1_000_000, 1_000));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        CountDownLatch start = new CountDownLatch(1);
        List<Future<Integer>> counts = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            Subject own = new Subject(Kind.KEY, "k" + thread % 2, new Limits(600, 0, 0));
            counts.add(threads.submit(() -> {
                start.await();
                int passed = 0;
                for (int i = 0; i < 2_000; i++) {
                    if (take(1, own, model, all) instanceof Decision.Granted granted) {
                        passed++;
                        if (passed % 2 == 0) {
                            granted.grant().settle(1);
                        }
                    }
                    limits.sweep(MINUTE);
                }
                return passed;
            }));
        }
        start.countDown();
        int passed = 0;
        for (Future<Integer> count : counts) {
            passed += count.get(60, TimeUnit.SECONDS);
        }
        threads.shutdown();
        assertThat(passed).isEqualTo(1_200);
    }

    @Test
    void behavesAsTheReferenceInAHundredThousandRandomSteps() {
        for (long seed = 1; seed <= 4; seed++) {
            compare(new Random(seed), 25_000);
        }
    }

    private void compare(Random random, int steps) {
        MemoryLimits compared = new MemoryLimits(now::get);
        ReferenceLimits reference = new ReferenceLimits();
        List<Subject> known = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            for (int i = 0; i < 3; i++) {
                known.add(new Subject(kind, kind.label() + i, randomLimits(random)));
            }
        }
        record InFlight(Decision.Grant grant, ReferenceLimits.Taken taken) {}
        List<InFlight> inFlight = new ArrayList<>();
        int passed = 0;
        for (int step = 0; step < steps; step++) {
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> now.addAndGet((long) (SECOND * Math.exp(random.nextGaussian() * 3)));
                case 3, 4, 5 -> {
                    if (!inFlight.isEmpty()) {
                        InFlight over = inFlight.remove(random.nextInt(inFlight.size()));
                        long tokens = random.nextInt(3_000);
                        over.grant.settle(tokens);
                        reference.settle(over.taken, tokens, now.get());
                    }
                }
                default -> {
                    List<Subject> subjects = new ArrayList<>();
                    for (int kind = 0; kind < 4; kind++) {
                        if (random.nextBoolean()) {
                            subjects.add(known.get(3 * kind + random.nextInt(3)));
                        }
                    }
                    Demand demand =
                            new Demand(List.copyOf(subjects), random.nextInt(2_000), (1 + random.nextInt(60)) * SECOND);
                    ReferenceLimits.Taken taken = reference.take(demand, now.get());
                    Decision decision = compared.take(demand);
                    assertThat(decision instanceof Decision.Granted)
                            .as("step %d: %s", step, demand)
                            .isEqualTo(taken != null);
                    if (taken != null) {
                        passed++;
                        inFlight.add(new InFlight(granted(decision), taken));
                    }
                }
            }
            if (step % 1_000 == 999) {
                compared.sweep(TimeUnit.HOURS.toMicros(1));
            }
        }
        assertThat(passed).isBetween(steps / 20, steps / 2);
    }

    private static Limits randomLimits(Random random) {
        return new Limits(
                random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(200),
                random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(100_000),
                random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(20));
    }
}
