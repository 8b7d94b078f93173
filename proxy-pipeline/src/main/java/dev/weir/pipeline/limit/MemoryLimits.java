package dev.weir.pipeline.limit;

import dev.weir.pipeline.limit.Subject.Kind;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Counts in the memory of this process. Any thread. A request locks its buckets, in the order of their kinds, for the moment it
 * takes to look at them and take: that is exact, and only requests of one key or model ever meet.
 */
final class MemoryLimits {
    /** Nobody knows when a request in flight will end. */
    static final long PARALLEL_WAIT_MICROS = 1_000_000;

    /** Somebody swept a bucket away in the same moment. */
    private static final Decision RETIRED = new Decision.Granted(new Standing(), tokens -> {});

    private static final Quantity[] QUANTITIES = Quantity.values();

    private final LongSupplier clock;
    private final Map<String, Bucket> keys = new ConcurrentHashMap<>();
    private final Map<String, Bucket> management = new ConcurrentHashMap<>();
    private final Map<String, Bucket> models = new ConcurrentHashMap<>();
    private final Map<String, Bucket> global = new ConcurrentHashMap<>();

    /** {@code clock} tells microseconds and never goes back. */
    MemoryLimits(LongSupplier clock) {
        this.clock = clock;
    }

    /** Takes what {@code demand} asks for from all its subjects, or from none. */
    Decision take(Demand demand) {
        Bucket[] buckets = new Bucket[demand.subjects().size()];
        while (true) {
            for (int i = 0; i < buckets.length; i++) {
                buckets[i] = bucket(demand.subjects().get(i));
            }
            Decision decision = locked(demand, buckets, 0);
            if (decision != RETIRED) {
                return decision;
            }
        }
    }

    private Decision locked(Demand demand, Bucket[] buckets, int index) {
        if (index == buckets.length) {
            return takeLocked(demand, buckets);
        }
        synchronized (buckets[index]) {
            return buckets[index].isRetired() ? RETIRED : locked(demand, buckets, index + 1);
        }
    }

    private Decision takeLocked(Demand demand, Bucket[] buckets) {
        long now = clock.getAsLong();
        long burst = demand.burstMicros();
        List<Subject> subjects = demand.subjects();
        int refusing = -1;
        Quantity refused = Quantity.REQUESTS;
        long wait = 0;
        for (int i = 0; i < buckets.length; i++) {
            buckets[i].drain(subjects.get(i), now);
            for (Quantity quantity : QUANTITIES) {
                long here = buckets[i].waitMicros(subjects.get(i), quantity, demand.reserved(i), burst);
                if (here > wait) {
                    wait = here;
                    refusing = i;
                    refused = quantity;
                }
            }
        }
        Standing standing = new Standing();
        for (int i = 0; i < buckets.length; i++) {
            if (refusing < 0) {
                buckets[i].take(demand.reserved(i));
            }
            standing.add(subjects.get(i), buckets[i].requestDebt(), buckets[i].tokenDebt(), burst);
        }
        return refusing < 0
                ? new Decision.Granted(standing, tokens -> settle(demand, buckets, tokens))
                : new Decision.Refused(standing, subjects.get(refusing), refused, wait);
    }

    private void settle(Demand demand, Bucket[] buckets, long tokens) {
        for (int i = 0; i < buckets.length; i++) {
            synchronized (buckets[i]) {
                Subject subject = demand.subjects().get(i);
                buckets[i].drain(subject, clock.getAsLong());
                buckets[i].settle(subject.tokenRate() == 0 ? 0 : tokens - demand.reserved(i));
            }
        }
    }

    private Bucket bucket(Subject subject) {
        Map<String, Bucket> of = of(subject.kind());
        Bucket known = of.get(subject.id());
        return known != null ? known : of.computeIfAbsent(subject.id(), id -> new Bucket(clock.getAsLong()));
    }

    private Map<String, Bucket> of(Kind kind) {
        return switch (kind) {
            case KEY -> keys;
            case MANAGEMENT -> management;
            case MODEL -> models;
            case GLOBAL -> global;
        };
    }

    /** Forgets whoever has not been seen for {@code idleMicros} and has nothing in flight. */
    void sweep(long idleMicros) {
        for (Kind kind : Kind.values()) {
            of(kind).forEach((id, bucket) -> {
                synchronized (bucket) {
                    if (bucket.inFlight() == 0 && clock.getAsLong() - bucket.asOfMicros() >= idleMicros) {
                        bucket.retire();
                        of(kind).remove(id, bucket);
                    }
                }
            });
        }
    }

    /** How many subjects are known. */
    int size() {
        return keys.size() + management.size() + models.size() + global.size();
    }
}
