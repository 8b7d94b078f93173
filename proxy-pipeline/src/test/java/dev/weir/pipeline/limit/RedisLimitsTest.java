package dev.weir.pipeline.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Limits;
import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.limit.Subject.Kind;
import dev.weir.pipeline.store.RealRedis;
import dev.weir.pipeline.store.Redis;
import dev.weir.pipeline.store.RedisScript;
import dev.weir.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The scripts of the limits in a real Redis against what limits mean. */
final class RedisLimitsTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final long LEASE_MILLIS = 600_000;
    private static final double MILLISECOND = 1_000;
    private static final double MINUTE = 60_000_000;

    /** The time now, and when each of the levels that are kept was written: the time that the last script went by. */
    private static final RedisScript TIMES = new RedisScript("""
            local time = redis.call('TIME')
            local times = {time[1] * 1000000 + time[2]}
            for i, key in ipairs(KEYS) do
              times[i + 1] = tonumber(redis.call('HGET', key, 'at') or 0)
            end
            return times""");

    private final RealRedis server = RealRedis.start();
    private final Redis redis = Redis.open(new Redis.Settings(server.url(), 20_000), new TestMeters());
    private final RedisLimits limits = new RedisLimits(redis, LEASE_MILLIS);

    /** No later than whatever Redis does next. */
    private long beforeMicros;

    private record InFlight(Decision.Grant grant, ReferenceLimits.Taken taken) {}

    @AfterEach
    void close() {
        redis.close();
        server.close();
    }

    private static <T> T result(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static String levels(Subject subject) {
        return RedisLimits.PREFIX + subject.kind().label() + ':' + subject.id();
    }

    /**
     * When the script went by that was the last to write levels of {@code subjects}. If it left nothing to keep, it was
     * between {@link #beforeMicros} and now, and whenever that was makes no difference: all of it is back.
     */
    private long timeOfLastWrite(List<Subject> subjects) throws Exception {
        String[] keys = subjects.stream().map(RedisLimitsTest::levels).toArray(String[]::new);
        List<Object> times = result(redis.run(TIMES, keys.length == 0 ? new String[] {"none"} : keys));
        long last = 0;
        for (int i = 1; i < times.size(); i++) {
            last = Math.max(last, (Long) times.get(i));
        }
        long now = (Long) times.get(0);
        long written = last < beforeMicros ? now : last;
        beforeMicros = now;
        return written;
    }

    /** Makes the scripts known to Redis: one that is not is sent twice, and comes after what was sent behind it. */
    private void teachScripts() throws Exception {
        Subject subject = new Subject(Kind.KEY, "teaching", new Limits(0, 1_000, 1));
        Decision.Granted granted = (Decision.Granted) result(limits.take(new Demand(List.of(subject), 1, 1_000_000)));
        limits.renew();
        granted.grant().settle(2);
        Await.until(
                LONG,
                "settled",
                () -> server.say("ZCARD", levels(subject) + ":leases").startsWith(":0"));
        timeOfLastWrite(List.of());
    }

    @Test
    void behavesAsTheReferenceInTwentyFourThousandRandomSteps() throws Exception {
        Await.until(LONG, "redis is up", redis::isUp);
        teachScripts();
        for (long seed = 1; seed <= 4; seed++) {
            compare(new Random(seed), seed, 6_000);
        }
    }

    private void compare(Random random, long seed, int steps) throws Exception {
        ReferenceLimits reference = new ReferenceLimits();
        List<Subject> known = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            for (int i = 0; i < 3; i++) {
                known.add(new Subject(kind, seed + kind.label() + i, randomLimits(random)));
            }
        }
        List<InFlight> inFlight = new ArrayList<>();
        int passed = 0;
        int refused = 0;
        for (int step = 0; step < steps; step++) {
            int what = random.nextInt(100);
            if (what < 40 && !inFlight.isEmpty()) {
                settle(reference, inFlight.remove(random.nextInt(inFlight.size())), random.nextInt(3_000));
            } else if (what < 42) {
                limits.renew();
            } else {
                Demand demand = randomDemand(random, known);
                InFlight taken = take(reference, demand, step);
                if (taken == null) {
                    refused++;
                } else {
                    passed++;
                    inFlight.add(taken);
                }
            }
        }
        assertThat(passed).isGreaterThan(steps / 10);
        assertThat(refused).isGreaterThan(steps / 20);
        for (Subject subject : known) {
            long leases = inFlight.stream()
                    .filter(one -> one.taken.demand().subjects().contains(subject))
                    .count();
            assertThat(server.say("ZCARD", levels(subject) + ":leases").strip())
                    .as("in flight of %s", subject)
                    .isEqualTo(":" + (subject.limits().parallel() == 0 ? 0 : leases));
        }
    }

    /**
     * What Redis grants at a time that it tells must be right at that time. When it refused is not known, but that it was not
     * before the last time it told: it was right if there was not enough then, and wrong if there was.
     */
    private @Nullable InFlight take(ReferenceLimits reference, Demand demand, int step) throws Exception {
        Decision decision = result(limits.take(demand));
        if (decision instanceof Decision.Granted granted) {
            ReferenceLimits.Taken taken = reference.take(demand, timeOfLastWrite(demand.subjects()));
            return new InFlight(
                    granted.grant(), Objects.requireNonNull(taken, () -> "step " + step + ": granted " + demand));
        }
        assertThat(reference.take(demand, beforeMicros))
                .as("step %d: refused %s: %s", step, demand, decision)
                .isNull();
        return null;
    }

    private void settle(ReferenceLimits reference, InFlight over, long tokens) throws Exception {
        over.grant.settle(tokens);
        reference.settle(over.taken, tokens, timeOfLastWrite(over.taken.demand().subjects()));
    }

    private static Demand randomDemand(Random random, List<Subject> known) {
        List<Subject> subjects = new ArrayList<>();
        for (int kind = 0; kind < 4; kind++) {
            if (random.nextBoolean()) {
                subjects.add(known.get(3 * kind + random.nextInt(3)));
            }
        }
        if (subjects.isEmpty()) {
            subjects.add(known.get(random.nextInt(known.size())));
        }
        return new Demand(List.copyOf(subjects), random.nextInt(2_000), (long) between(random, MILLISECOND, MINUTE));
    }

    /** Such that what is used in a few milliseconds, which is how long a step takes, matters. */
    private static Limits randomLimits(Random random) {
        return new Limits(
                random.nextInt(3) == 0 ? 0 : (long) between(random, 100, 200_000),
                random.nextInt(3) == 0 ? 0 : (long) between(random, 10_000, 100_000_000),
                random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(20));
    }

    /** Each order of magnitude as often as the others. */
    private static double between(Random random, double least, double most) {
        return least * Math.exp(random.nextDouble() * Math.log(most / least));
    }
}
