package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Budgets of tokens, shared through both databases. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class TokenBudgetsTest {
    private static final Identity KEY = new Identity("key_1", false, false);
    private static final KeyBudget DAILY = new KeyBudget(1_000, 0);
    private static final KeyBudget MONTHLY = new KeyBudget(0, 1_500);

    private final TestDatabase test;
    private final SetClock clock = new SetClock(Instant.parse("2026-11-29T22:00:00Z"));
    private final TokenBudgets one;
    private final TokenBudgets other;

    TokenBudgetsTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
        one = new TokenBudgets(test.open(), clock, null);
        other = new TokenBudgets(test.open(), clock, null);
    }

    @AfterEach
    void close() {
        test.close();
    }

    private static final class SetClock extends Clock {
        private Instant now;

        SetClock(Instant now) {
            this.now = now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    private static void assertAdmitted(TokenBudgets budgets, KeyBudget budget) {
        assertThatCode(() -> budgets.admit(KEY, budget)).doesNotThrowAnyException();
    }

    private static void assertRefused(TokenBudgets budgets, KeyBudget budget, String when, Duration retryAfter) {
        assertThatThrownBy(() -> budgets.admit(KEY, budget))
                .isInstanceOfSatisfying(GatewayException.class, e -> {
                    assertThat(e.error()).isEqualTo(GatewayError.RATE_LIMITED);
                    assertThat(e.retryAfterMillis()).isEqualTo(retryAfter.toMillis());
                })
                .hasMessageContaining("is used up: it begins anew at " + when);
    }

    @Test
    void aUsedUpBudgetIsRefusedAtOnceWhereItWasUsed() {
        assertAdmitted(one, DAILY);
        one.spend("key_1", 999);
        assertAdmitted(one, DAILY);

        one.spend("key_1", 1);

        assertRefused(one, DAILY, "2026-11-30T00:00:00Z", Duration.ofHours(2));
    }

    @Test
    void otherInstancesLearnOfItWhenTheySettle() {
        assertAdmitted(one, DAILY);
        assertAdmitted(other, DAILY);
        one.spend("key_1", 600);
        other.spend("key_1", 400);

        one.settle();
        other.settle();
        assertRefused(other, DAILY, "2026-11-30T00:00:00Z", Duration.ofHours(2));

        assertAdmitted(one, DAILY);
        one.settle();
        assertRefused(one, DAILY, "2026-11-30T00:00:00Z", Duration.ofHours(2));
    }

    @Test
    void aNewDayBeginsAnewAndAMonthGoesOn() {
        assertAdmitted(one, DAILY);
        one.spend("key_1", 1_000);
        one.settle();
        assertRefused(one, DAILY, "2026-11-30T00:00:00Z", Duration.ofHours(2));

        clock.now = Instant.parse("2026-11-30T12:00:00Z");
        assertAdmitted(one, DAILY);
        one.spend("key_1", 500);
        one.settle();

        assertAdmitted(one, DAILY);
        assertRefused(one, MONTHLY, "2026-12-01T00:00:00Z", Duration.ofHours(12));

        clock.now = Instant.parse("2026-12-01T00:00:00Z");
        assertAdmitted(one, MONTHLY);
    }

    @Test
    void theSumsOfManyKeysAreThoseOfEach() throws Exception {
        int keys = 1_203;
        for (TokenBudgets budgets : List.of(one, other)) {
            for (int i = 0; i < keys; i++) {
                budgets.admit(key(i), DAILY);
                budgets.spend(key(i).id(), i);
            }
            budgets.settle();
        }

        // Both used i tokens each of key i.
        for (int i = 0; i < keys; i++) {
            KeyBudget all = new KeyBudget(2L * i + 1, 2L * i + 1);
            KeyBudget less = new KeyBudget(Math.max(1, 2L * i), 0);
            KeyBudget lessOfMonth = new KeyBudget(0, Math.max(1, 2L * i));
            other.admit(key(i), all);
            assertThat(isRefused(key(i), less)).as("key %d", i).isEqualTo(i > 0);
            assertThat(isRefused(key(i), lessOfMonth)).as("key %d", i).isEqualTo(i > 0);
        }
    }

    private static Identity key(int i) {
        return new Identity("many_" + i, false, false);
    }

    private boolean isRefused(Identity key, KeyBudget budget) {
        try {
            other.admit(key, budget);
            return false;
        } catch (GatewayException e) {
            return true;
        }
    }

    @Test
    void whatWasUsedOutlivesTheProcess() {
        assertAdmitted(one, DAILY);
        one.spend("key_1", 1_000);
        one.close();

        assertAdmitted(other, DAILY);
        other.settle();

        assertRefused(other, DAILY, "2026-11-30T00:00:00Z", Duration.ofHours(2));
    }

    @Test
    void nothingIsLostWhileTheDatabaseIsAway() {
        Database away = test.open();
        TokenBudgets budgets = new TokenBudgets(away, clock, null);
        assertAdmitted(budgets, DAILY);
        budgets.spend("key_1", 700);
        away.close();
        budgets.settle();
        budgets.spend("key_1", 300);

        assertRefused(budgets, DAILY, "2026-11-30T00:00:00Z", Duration.ofHours(2));
    }

    @Test
    void aLongRequestPaysWhatItUsed() {
        assertAdmitted(one, DAILY);
        clock.now = clock.now.plus(Duration.ofMinutes(11));
        one.settle();
        clock.now = clock.now.plus(Duration.ofMinutes(11));

        one.spend("key_1", 1_000);
        assertRefused(one, DAILY, "2026-11-30T00:00:00Z", Duration.ofMinutes(98));

        one.settle();
        assertAdmitted(other, DAILY);
        other.settle();
        assertRefused(other, DAILY, "2026-11-30T00:00:00Z", Duration.ofMinutes(98));
    }

    @Test
    void nothingIsLostBesideAnAccountThatIsForgotten() throws Exception {
        int rounds = 50_000;
        Instant early = clock.now;
        AtomicInteger settled = new AtomicInteger();
        AtomicReference<TokenBudgets> turn = new AtomicReference<>(one);
        Path file = Files.createTempFile(test.directory(), "no", ".directory");
        ExecutorService settling = Executors.newSingleThreadExecutor();
        try (Database away =
                Database.open(new Database.Settings("sqlite:" + file + "/weir.db", test.directory(), 2, 300, 300))) {
            Future<?> all = settling.submit(() -> {
                TokenBudgets last = one;
                for (int round = 1; round <= rounds; round++) {
                    while (turn.get() == last) {
                        Thread.onSpinWait();
                    }
                    last = Objects.requireNonNull(turn.get());
                    last.settle();
                    settled.set(round);
                }
            });
            for (int round = 1; round <= rounds; round++) {
                TokenBudgets budgets = new TokenBudgets(away, clock, null);
                clock.now = early;
                budgets.admit(KEY, DAILY);
                clock.now = early.plus(Duration.ofMinutes(11));
                turn.set(budgets);
                for (int i = round % 100; i > 0; i--) {
                    Thread.onSpinWait();
                }
                budgets.spend("key_1", 1_000);
                while (settled.get() < round && !all.isDone()) {
                    Thread.onSpinWait();
                }
                assertThatThrownBy(() -> budgets.admit(KEY, DAILY)).isInstanceOf(GatewayException.class);
            }
            all.get(20, TimeUnit.SECONDS);
        } finally {
            settling.shutdownNow();
        }
    }
}
