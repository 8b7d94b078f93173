package dev.weir.pipeline.limit;

import dev.weir.pipeline.store.Redis;
import dev.weir.pipeline.store.RedisScript;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts in Redis, for all instances together: one call takes, one settles. A request in flight is a lease that expires unless
 * this instance renews it, so those of an instance that died are back soon. All keys have the same part in braces, so that one
 * node of a Cluster can look at them together. Any thread; results come on a thread of Redis's.
 */
final class RedisLimits {
    static final String PREFIX = "weir:{limit}:";
    private static final int RENEWED_AT_ONCE = 100;
    private static final RedisScript TAKE = script("take.lua");
    private static final RedisScript SETTLE = script("settle.lua");
    private static final RedisScript RENEW = script("renew.lua");

    private final Redis redis;
    private final long leaseMillis;
    private final String instance = HexFormat.of().formatHex(new SecureRandom().generateSeed(6)) + ':';
    private final AtomicLong leases = new AtomicLong();
    private final Set<Lease> live = ConcurrentHashMap.newKeySet();

    /** {@code leaseMillis} is how long a lease lives without being renewed. */
    RedisLimits(Redis redis, long leaseMillis) {
        this.redis = redis;
        this.leaseMillis = leaseMillis;
    }

    private static RedisScript script(String name) {
        try (InputStream in = RedisLimits.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing");
            }
            return new RedisScript(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What one request holds, and which of its subjects count requests in flight. */
    private final class Lease implements Decision.Grant {
        private final Demand demand;
        private final String[] keys;
        private final byte[] name;
        private final boolean counted;

        Lease(Demand demand) {
            this.demand = demand;
            this.keys = keys(demand.subjects());
            this.name = ascii(instance + leases.incrementAndGet());
            this.counted = demand.subjects().stream()
                    .anyMatch(subject -> subject.limits().parallel() > 0);
        }

        void granted() {
            if (counted) {
                live.add(this);
            }
        }

        /** If Redis is away, the lease expires by itself and the estimate of the tokens stands. */
        @Override
        public void settle(long tokens) {
            live.remove(this);
            byte[][] arguments = new byte[1 + 3 * demand.subjects().size()][];
            arguments[0] = name;
            boolean needed = counted;
            for (int i = 0; i < demand.subjects().size(); i++) {
                Subject subject = demand.subjects().get(i);
                long more = subject.tokenRate() == 0 ? 0 : tokens - demand.reserved(i);
                needed |= more != 0;
                arguments[3 * i + 1] = ascii(subject.requestRate());
                arguments[3 * i + 2] = ascii(subject.tokenRate());
                arguments[3 * i + 3] = ascii(more);
            }
            if (needed) {
                redis.run(SETTLE, keys, arguments);
            }
        }
    }

    /** Takes what {@code demand} asks for from all its subjects, or from none. Fails when Redis cannot be asked. */
    CompletableFuture<Decision> take(Demand demand) {
        List<Subject> subjects = demand.subjects();
        Lease lease = new Lease(demand);
        byte[][] arguments = new byte[4 + 3 * subjects.size()][];
        arguments[0] = ascii(demand.burstMicros());
        arguments[1] = ascii(demand.tokens());
        arguments[2] = lease.name;
        arguments[3] = ascii(leaseMillis);
        for (int i = 0; i < subjects.size(); i++) {
            Subject subject = subjects.get(i);
            arguments[3 * i + 4] = ascii(subject.requestRate());
            arguments[3 * i + 5] = ascii(subject.tokenRate());
            arguments[3 * i + 6] = ascii(subject.limits().parallel());
        }
        return redis.run(TAKE, lease.keys, arguments).thenApply(answer -> decision(lease, answer));
    }

    private static Decision decision(Lease lease, List<Object> answer) {
        Demand demand = lease.demand;
        Standing standing = new Standing();
        for (int i = 0; i < demand.subjects().size(); i++) {
            standing.add(
                    demand.subjects().get(i),
                    number(answer.get(3 + 2 * i)),
                    number(answer.get(4 + 2 * i)),
                    demand.burstMicros());
        }
        int refusing = (int) number(answer.get(0));
        if (refusing >= 0) {
            return new Decision.Refused(
                    standing,
                    demand.subjects().get(refusing),
                    Quantity.at((int) number(answer.get(1))),
                    number(answer.get(2)));
        }
        lease.granted();
        return new Decision.Granted(standing, lease);
    }

    private static long number(Object value) {
        return (Long) value;
    }

    /** Has the leases of all requests in flight live on; to be called several times in a lease's life. */
    void renew() {
        Iterator<Lease> all = live.iterator();
        while (all.hasNext()) {
            List<String> keys = new ArrayList<>();
            List<byte[]> arguments = new ArrayList<>();
            arguments.add(ascii(leaseMillis));
            while (keys.size() < RENEWED_AT_ONCE && all.hasNext()) {
                Lease lease = all.next();
                for (int i = 0; i < lease.demand.subjects().size(); i++) {
                    if (lease.demand.subjects().get(i).limits().parallel() > 0) {
                        keys.add(lease.keys[2 * i + 1]);
                        arguments.add(lease.name);
                    }
                }
            }
            redis.run(RENEW, keys.toArray(String[]::new), arguments.toArray(byte[][]::new));
        }
    }

    /** How many requests hold a lease. */
    int inFlight() {
        return live.size();
    }

    private static String[] keys(List<Subject> subjects) {
        String[] keys = new String[2 * subjects.size()];
        for (int i = 0; i < subjects.size(); i++) {
            Subject subject = subjects.get(i);
            String key = PREFIX + subject.kind().label() + ':' + subject.id();
            keys[2 * i] = key;
            keys[2 * i + 1] = key + ":leases";
        }
        return keys;
    }

    private static byte[] ascii(long number) {
        return ascii(Long.toString(number));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
