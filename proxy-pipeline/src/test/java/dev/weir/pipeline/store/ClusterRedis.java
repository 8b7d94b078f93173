package dev.weir.pipeline.store;

import dev.weir.testing.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A Cluster of three masters. Any thread. */
public final class ClusterRedis implements AutoCloseable {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final int SLOTS = 16_384;
    private static final int NODES = 3;

    private final List<RealRedis> nodes = new ArrayList<>();

    private ClusterRedis() {}

    public static ClusterRedis start() {
        ClusterRedis cluster = new ClusterRedis();
        for (int i = 0; i < NODES; i++) {
            cluster.nodes.add(RealRedis.start("--cluster-enabled", "yes", "--cluster-node-timeout", "2000"));
        }
        for (int i = 0; i < NODES; i++) {
            RealRedis node = cluster.nodes.get(i);
            List<String> words = new ArrayList<>(List.of("CLUSTER", "ADDSLOTS"));
            for (int slot = i * SLOTS / NODES; slot < (i + 1) * SLOTS / NODES; slot++) {
                words.add(Integer.toString(slot));
            }
            expectOk(node.say("CLUSTER", "SET-CONFIG-EPOCH", Integer.toString(i + 1)));
            expectOk(node.say(words.toArray(String[]::new)));
            expectOk(node.say(
                    "CLUSTER",
                    "MEET",
                    "127.0.0.1",
                    Integer.toString(cluster.nodes.get(0).port())));
        }
        cluster.awaitWhole();
        return cluster;
    }

    private static void expectOk(String answer) {
        if (!answer.startsWith("+OK")) {
            throw new AssertionError(answer);
        }
    }

    /** Returns when every node knows all others and serves. */
    public void awaitWhole() {
        for (RealRedis node : nodes) {
            Await.until(LONG, "the cluster is whole", () -> {
                String info = node.say("CLUSTER", "INFO");
                return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:" + NODES);
            });
        }
    }

    public String url() {
        return "redis-cluster://127.0.0.1:" + nodes.get(0).port() + ",127.0.0.1:"
                + nodes.get(1).port();
    }

    public RealRedis node(int index) {
        return nodes.get(index);
    }

    @Override
    public void close() {
        nodes.forEach(RealRedis::close);
    }
}
