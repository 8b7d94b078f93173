package dev.weir.backends;

import dev.weir.core.Transport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;

/**
 * Traffic for several models through real balancers and queues to simulated hosts, under a clock of its own: a minute takes
 * milliseconds. Hosts are asked what they have loaded as a watch asks them. One thread.
 */
final class FleetSimulation {
    private static final long LATENCY = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long LISTING = TimeUnit.MILLISECONDS.toNanos(2_500);
    private static final long REFRESH = TimeUnit.MILLISECONDS.toNanos(100);

    private final AtomicLong now = new AtomicLong(TimeUnit.HOURS.toNanos(1));
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Map<Backend, SimulatedHost> hosts = new LinkedHashMap<>();
    private final Set<Backend> refreshing = new HashSet<>();
    private final List<Group> groups = new ArrayList<>();
    private final List<Double> firstTokenSeconds = new ArrayList<>();
    private final Settings settings;
    private long order;

    /**
     * What is simulated.
     *
     * @param perSecond requests, the n-th model's 1/n as often as the first's
     */
    record Settings(
            int hosts, int models, int maxLoaded, int parallel, long loadMillis, double perSecond, int seconds) {}

    /** What came of it. */
    record Result(int requests, double p50, double p95, double max, int loads) {}

    private record Event(long at, long order, Runnable what) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    /** One model: who serves it and who waits for it. */
    private record Group(String model, Balancer balancer, WaitQueue queue) {}

    FleetSimulation(Settings settings, Balancing.Balance balance) {
        this.settings = settings;
        for (int i = 0; i < settings.hosts(); i++) {
            BackendSpec spec = new SpecBuilder("h" + i, "http://127.0.0.1:9")
                    .parallel(settings.parallel())
                    .build();
            try {
                Backend backend = new Backend(spec, new Connector(Transport.NIO, spec), now::get);
                backend.refreshedBy(() -> refresh(backend));
                hosts.put(
                        backend,
                        new SimulatedHost(
                                TimeUnit.MILLISECONDS.toNanos(settings.loadMillis()),
                                settings.maxLoaded(),
                                settings.parallel()));
            } catch (SSLException e) {
                throw new IllegalStateException(e);
            }
        }
        Balancing balancing = new Balancing(balance, Affinity.NONE, 0);
        for (int i = 0; i < settings.models(); i++) {
            String model = "m" + i + ":1b";
            List<Target> targets = hosts.keySet().stream()
                    .map(backend -> new Target(backend, model, 1))
                    .toList();
            Balancer balancer = new Balancer(targets, balancing);
            groups.add(
                    new Group(model, balancer, new WaitQueue(List.copyOf(hosts.keySet()), 10_000, 0, balancer::wants)));
        }
    }

    Result run(long seed) {
        hosts.keySet().forEach(this::listEvery);
        Random random = new Random(seed);
        double at = 0;
        int requests = 0;
        while (true) {
            at += -Math.log(1 - random.nextDouble()) / settings.perSecond();
            if (at > settings.seconds()) {
                break;
            }
            Group group = groups.get(pick(random));
            in((long) (at * 1e9), () -> new Request(group).arrive());
            requests++;
        }
        while (firstTokenSeconds.size() < requests) {
            Event next = events.remove();
            now.set(Math.max(now.get(), next.at()));
            next.what().run();
        }
        firstTokenSeconds.sort(null);
        return new Result(
                requests,
                quantile(0.5),
                quantile(0.95),
                quantile(1),
                hosts.values().stream().mapToInt(SimulatedHost::loads).sum());
    }

    private double quantile(double quantile) {
        int index = (int) Math.min(firstTokenSeconds.size() - 1, Math.floor(quantile * firstTokenSeconds.size()));
        return firstTokenSeconds.get(index);
    }

    private int pick(Random random) {
        double all = 0;
        for (int i = 0; i < groups.size(); i++) {
            all += 1.0 / (i + 1);
        }
        double left = random.nextDouble() * all;
        for (int i = 0; i < groups.size(); i++) {
            left -= 1.0 / (i + 1);
            if (left < 0) {
                return i;
            }
        }
        return groups.size() - 1;
    }

    private void in(long nanos, Runnable what) {
        events.add(new Event(now.get() + nanos, order++, what));
    }

    private void listEvery(Backend backend) {
        list(backend);
        in(LISTING, () -> listEvery(backend));
    }

    private void refresh(Backend backend) {
        if (refreshing.add(backend)) {
            list(backend);
            in(REFRESH, () -> refreshing.remove(backend));
        }
    }

    private void list(Backend backend) {
        long asked = now.get();
        in(LATENCY, () -> {
            Set<String> loaded = host(backend).loaded();
            in(LATENCY, () -> {
                Map<String, Integer> contextLengths = new HashMap<>();
                loaded.forEach(model -> contextLengths.put(model, 4096));
                backend.memory().listed(contextLengths, asked);
                backend.slotFreed();
            });
        });
    }

    private SimulatedHost host(Backend backend) {
        return Objects.requireNonNull(hosts.get(backend));
    }

    /** One request, as a call treats it. */
    private final class Request implements WaitQueue.Waiter {
        private static final long FIRST_TOKEN = 50_000_000;
        private static final long ANSWER = 550_000_000;

        private final Group group;
        private final Asker asker = new Asker("", Asker.NO_AFFINITY);
        private final long arrived = now.get();
        private long ticket;
        private boolean placed;
        private boolean waiting;

        Request(Group group) {
            this.group = group;
        }

        void arrive() {
            if (group.queue().isEmpty()) {
                choose();
            } else {
                queue();
            }
        }

        private void choose() {
            Choice choice = group.balancer().choose(asker, group.queue().size());
            if (choice instanceof Lease lease) {
                if (placed) {
                    group.queue().leave(ticket);
                }
                serve(lease);
            } else {
                queue();
            }
        }

        private void queue() {
            waiting = true;
            if (placed) {
                group.queue().reenter(ticket, this);
            } else {
                placed = true;
                ticket = group.queue().enter(this);
                long patience = group.balancer().patienceNanos(asker);
                if (patience > 0) {
                    in(patience, this::losePatience);
                }
            }
            wakeFor(group.queue().size() - 1);
        }

        private void wakeFor(int queued) {
            Backend free = group.balancer().candidate(asker, Math.max(0, queued));
            if (free != null) {
                group.queue().slotFreed(free);
            }
        }

        private void losePatience() {
            asker.losePatience();
            if (waiting && group.balancer().candidate(asker, group.queue().size() - 1) != null) {
                waiting = false;
                group.queue().leave(ticket);
                choose();
            }
        }

        @Override
        public boolean accepts(Backend backend) {
            return true;
        }

        @Override
        public void wake(Backend backend) {
            in(0, () -> {
                waiting = false;
                choose();
                group.queue().answered();
                if (!waiting && group.queue().size() > 0) {
                    wakeFor(group.queue().size() - 1);
                }
            });
        }

        private void serve(Lease lease) {
            SimulatedHost host = host(lease.backend());
            host.begin(
                    group.model(),
                    now.get(),
                    ready -> in(ready - now.get() + FIRST_TOKEN, () -> {
                        firstTokenSeconds.add((now.get() - arrived) / 1e9);
                        lease.ran(true);
                        in(ANSWER - FIRST_TOKEN, () -> {
                            host.end(group.model(), now.get());
                            lease.release(Lease.Verdict.WORKS);
                        });
                    }));
        }
    }
}
