package dev.weir.pipeline.store;

import io.lettuce.core.RedisURI;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where Redis is, as the URL of the configuration says. Beyond the URL's own parts, {@code ?tls=true} has Sentinel and Cluster
 * spoken to in TLS, and {@code ?ca=FILE} names the certificates (PEM) to trust instead of Java's.
 *
 * @param nodes one address, or the known nodes of a Cluster
 * @param cluster whether they form a Cluster
 * @param ca whom to trust, or null for Java's own
 */
record RedisPlace(
        List<RedisURI> nodes, boolean cluster, @Nullable File ca) {
    private static final String CLUSTER = "redis-cluster://";

    RedisPlace {
        nodes = List.copyOf(nodes);
    }

    /**
     * @param connectTimeout how long connecting may take, greeting included
     * @throws IllegalArgumentException if the URL makes no sense; the message holds no secret
     */
    static RedisPlace of(String url, Duration connectTimeout) {
        int query = url.indexOf('?');
        String address = query < 0 ? url : url.substring(0, query);
        boolean tls = false;
        File ca = null;
        for (String option :
                query < 0 ? new String[0] : url.substring(query + 1).split("&", -1)) {
            if (option.equals("tls=true")) {
                tls = true;
            } else if (option.startsWith("ca=")) {
                ca = new File(option.substring("ca=".length()));
            } else {
                throw new IllegalArgumentException(
                        "redis.url: unknown option '" + option + "' (expected: tls=true, ca=FILE)");
            }
        }
        boolean cluster = address.startsWith(CLUSTER);
        List<RedisURI> nodes = new ArrayList<>();
        try {
            for (String node : cluster ? clusterNodes(address.substring(CLUSTER.length())) : List.of(address)) {
                nodes.add(RedisURI.create(node));
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("redis.url: not a Redis URL", e);
        }
        for (RedisURI node : nodes) {
            node.setTimeout(connectTimeout);
            node.setClientName("weir");
            if (tls) {
                node.setSsl(true);
            }
        }
        if (tls) {
            nodes.forEach(node -> node.getSentinels().forEach(sentinel -> sentinel.setSsl(true)));
        }
        nodes.forEach(node -> node.getSentinels().forEach(sentinel -> sentinel.setTimeout(connectTimeout)));
        return new RedisPlace(nodes, cluster, ca);
    }

    /** One URL for each node, all with the credentials that stand before the first. */
    private static List<String> clusterNodes(String rest) {
        int at = rest.lastIndexOf('@');
        String credentials = rest.substring(0, at + 1);
        List<String> urls = new ArrayList<>();
        for (String node : rest.substring(at + 1).split(",", -1)) {
            urls.add("redis://" + credentials + node.strip());
        }
        return urls;
    }

    /** Without secrets. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (RedisURI node : nodes) {
            text.append(text.isEmpty() ? "" : ",");
            if (node.getSentinels().isEmpty()) {
                text.append(node.getHost()).append(':').append(node.getPort());
            } else {
                text.append("sentinel ").append(node.getSentinelMasterId());
            }
        }
        return text.toString();
    }
}
