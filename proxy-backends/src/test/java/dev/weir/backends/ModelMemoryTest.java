package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.backends.HostedModel.Residency;
import dev.weir.core.Transport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

/** What is made of listings about how much fits, and who is sent where when nothing more does. */
class ModelMemoryTest {
    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong nanos = new AtomicLong(SECOND);
    private final Backend one = backend("one");
    private final Backend two = backend("two");
    private final Map<String, List<Target>> targets = new HashMap<>();

    private Backend backend(String name) {
        BackendSpec spec =
                new SpecBuilder(name, "http://127.0.0.1:9").parallel(4).build();
        try {
            return new Backend(spec, new Connector(Transport.NIO, spec), nanos::get);
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    private Target target(Backend backend, String model) {
        for (Target target : targets.computeIfAbsent(model, name -> new ArrayList<>())) {
            if (target.backend() == backend) {
                return target;
            }
        }
        Target made = new Target(backend, model, 1);
        Objects.requireNonNull(targets.get(model)).add(made);
        return made;
    }

    private void listed(Backend backend, String... models) {
        nanos.addAndGet(SECOND);
        Map<String, Integer> contextLengths = new HashMap<>();
        for (String model : models) {
            target(backend, model);
            contextLengths.put(ModelCatalog.normalized(model), 4096);
        }
        backend.memory().listed(contextLengths, nanos.get());
    }

    private Lease begin(Backend backend, String model) {
        nanos.addAndGet(SECOND);
        return Objects.requireNonNull(backend.acquire(target(backend, model), Reason.ONLY));
    }

    private void serve(Backend backend, String model) {
        Lease lease = begin(backend, model);
        lease.ran(true);
        lease.release(Lease.Verdict.WORKS);
    }

    /** Two models fit: a third one came when one of two went. */
    private void twoFit(Backend backend) {
        listed(backend, "x", "y");
        listed(backend, "y", "z");
    }

    private Choice choose(String model, Asker asker) {
        target(one, model);
        target(two, model);
        return new Balancer(Objects.requireNonNull(targets.get(model)), Balancing.DEFAULT).choose(asker, 0);
    }

    @Test
    void anythingMayFitUntilAModelHasHadToGo() {
        listed(one, "x");
        listed(one, "x", "y");
        assertThat(one.memory().room()).isEqualTo(ModelMemory.Room.FREE);

        listed(one, "y");
        assertThat(one.memory().room()).isEqualTo(ModelMemory.Room.FREE);
    }

    @Test
    void theLeastRecentlyUsedThatIsIdleMakesRoom() {
        twoFit(one);
        serve(one, "z");
        serve(one, "y");

        assertThat(one.memory().room().victim()).isSameAs(target(one, "z").hosted());

        Lease busy = begin(one, "z");
        assertThat(one.memory().room().victim()).isSameAs(target(one, "y").hosted());
        busy.release(Lease.Verdict.WORKS);
    }

    @Test
    void whereAllAreAtWorkThereIsNoRoom() {
        twoFit(one);
        Lease first = begin(one, "y");
        Lease second = begin(one, "z");

        assertThat(one.memory().room()).isEqualTo(ModelMemory.Room.NONE);

        first.release(Lease.Verdict.WORKS);
        assertThat(one.memory().room().isThere()).isTrue();
        second.release(Lease.Verdict.WORKS);
    }

    @Test
    void whatHasToGoIsColdFromThenOnUnlessTheBackendSaysOtherwise() {
        twoFit(one);
        serve(one, "y");
        serve(one, "z");
        target(one, "new").hosted().resident(false, 0, nanos.get());
        long before = nanos.get();
        Lease loading = begin(one, "new");
        assertThat(loading.isLoading()).isTrue();
        assertThat(target(one, "y").hosted().residency()).isEqualTo(Residency.COLD);

        one.memory().listed(Map.of("y:latest", 4096, "z:latest", 4096), before);
        assertThat(target(one, "y").hosted().residency()).isEqualTo(Residency.COLD);

        listed(one, "y", "new");
        assertThat(target(one, "y").hosted().residency()).isEqualTo(Residency.LOADED);
        assertThat(target(one, "z").hosted().residency()).isEqualTo(Residency.COLD);
        loading.release(Lease.Verdict.WORKS);
    }

    @Test
    void aModelIsLoadedWhereItPushesOutWhatIsWantedLeast() {
        twoFit(one);
        twoFit(two);
        for (int i = 0; i < 5; i++) {
            serve(one, "y");
            serve(one, "z");
        }
        serve(two, "y");
        serve(two, "z");
        target(one, "new").hosted().resident(false, 0, nanos.get());
        target(two, "new").hosted().resident(false, 0, nanos.get());

        Lease lease = (Lease) choose("new", SimulatedFleet.asker());

        assertThat(lease.backend()).isSameAs(two);
        assertThat(lease.reason()).isEqualTo(Reason.COLD);
        lease.release(Lease.Verdict.WORKS);
    }

    @Test
    void nothingIsLoadedWhereItWouldHoldUpOthersAsLongAsItCanWait() {
        List<Lease> busy = new ArrayList<>();
        for (Backend backend : List.of(one, two)) {
            twoFit(backend);
            busy.add(begin(backend, "y"));
            busy.add(begin(backend, "z"));
            target(backend, "new").hosted().resident(false, 0, nanos.get());
        }
        Asker asker = SimulatedFleet.asker();

        assertThat(choose("new", asker)).isEqualTo(Choice.None.BUSY);

        asker.losePatience();
        assertThat(choose("new", asker))
                .isInstanceOfSatisfying(Lease.class, lease -> lease.release(Lease.Verdict.WORKS));
        busy.forEach(lease -> lease.release(Lease.Verdict.WORKS));
    }
}
