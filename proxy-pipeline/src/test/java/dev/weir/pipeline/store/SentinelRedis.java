package dev.weir.pipeline.store;

import dev.weir.testing.Await;
import java.time.Duration;
import java.util.List;

/** A master, a replica and one Sentinel that watches them. Any thread. */
public final class SentinelRedis implements AutoCloseable {
    private static final Duration LONG = Duration.ofSeconds(60);

    private final RealRedis master;
    private final RealRedis replica;
    private final RealRedis sentinel;

    private SentinelRedis(RealRedis master, RealRedis replica, RealRedis sentinel) {
        this.master = master;
        this.replica = replica;
        this.sentinel = sentinel;
    }

    public static SentinelRedis start() {
        RealRedis master = RealRedis.start();
        RealRedis replica = RealRedis.start(List.of(
                "--replicaof", "127.0.0.1", Integer.toString(master.port()), "--repl-diskless-sync-delay", "0"));
        RealRedis sentinel = RealRedis.sentinel(
                "sentinel monitor weir 127.0.0.1 " + master.port() + " 1",
                "sentinel down-after-milliseconds weir 1000",
                "sentinel failover-timeout weir 5000");
        SentinelRedis servers = new SentinelRedis(master, replica, sentinel);
        servers.awaitReplication();
        Await.until(
                LONG,
                "sentinel knows the replica",
                () -> sentinel.say("SENTINEL", "REPLICAS", "weir").contains(Integer.toString(replica.port())));
        return servers;
    }

    /** Returns when the replica has all that the master has. */
    public void awaitReplication() {
        Await.until(LONG, "replica is in step", () -> {
            master.say("SET", "in-step", "yes");
            return replica.say("GET", "in-step").contains("yes");
        });
    }

    public String url() {
        return "redis-sentinel://127.0.0.1:" + sentinel.port() + "#weir";
    }

    /** The one that was the master at first. */
    public RealRedis master() {
        return master;
    }

    public RealRedis replica() {
        return replica;
    }

    @Override
    public void close() {
        sentinel.close();
        replica.close();
        master.close();
    }
}
