package dev.weir.pipeline.auth;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.Services;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.pipeline.store.Repeated;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds keys to their budgets of tokens. What all instances used stands in one table of the database; each adds what it used
 * every second, and learns the sum. So a budget is overshot by what is in flight when it is used up, by what other instances
 * serve within about a second, and by the first second of a key that this process has not seen before. While the database is
 * away each instance counts on by itself, and adds it later. Any thread; no request waits for the database.
 */
public final class TokenBudgets implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TokenBudgets.class);
    private static final long SETTLE_MILLIS = 1_000;
    private static final long IDLE_MILLIS = 600_000;
    private static final int KEYS_PER_TRANSACTION = 500;
    private static final int DAYS_KEPT = 62;
    private static final String ADD = """
            INSERT INTO key_tokens (key_id, period, tokens) VALUES (?, ?, ?)
            ON CONFLICT (key_id, period) DO UPDATE SET tokens = key_tokens.tokens + excluded.tokens""";
    private static final String SUMS =
            "SELECT key_id, period, tokens FROM key_tokens WHERE period IN (?, ?) AND key_id IN (";
    private static final String FORGET = "DELETE FROM key_tokens WHERE length(period) = 10 AND period < ?";

    private final Database database;
    private final Clock clock;
    private final Map<String, Account> accounts = new ConcurrentHashMap<>();
    private final @Nullable Repeated settling;
    private @Nullable LocalDate forgotten;

    /** What is known of one key. The sums are those of the database, which do not hold what is unsettled. */
    private static final class Account {
        private final AtomicLong unsettled = new AtomicLong();
        private volatile Sums sums = new Sums(LocalDate.EPOCH, 0, 0);
        private volatile long usedMillis;

        boolean isIdle(long nowMillis) {
            return unsettled.get() == 0 && nowMillis - usedMillis > IDLE_MILLIS;
        }
    }

    private record Sums(LocalDate day, long ofDay, long ofMonth) {
        long ofDay(LocalDate today) {
            return day.equals(today) ? ofDay : 0;
        }

        long ofMonth(LocalDate today) {
            return YearMonth.from(day).equals(YearMonth.from(today)) ? ofMonth : 0;
        }
    }

    private record Settlement(String id, Account account, long tokens) {}

    /** The one of this process. */
    public static TokenBudgets of(Services services) {
        return services.shared(
                TokenBudgets.class,
                () -> new TokenBudgets(services.shared(Database.class), Clock.systemUTC(), services));
    }

    TokenBudgets(Database database, Clock clock, @Nullable Services services) {
        this.database = database;
        this.clock = clock;
        this.settling =
                services == null ? null : new Repeated(services.background(), SETTLE_MILLIS, database, this::settle);
    }

    /** Lets a request of a key on, unless its budget is used up. */
    void admit(Identity identity, KeyBudget budget) throws GatewayException {
        Account account = accounts.computeIfAbsent(identity.id(), id -> new Account());
        long nowMillis = clock.millis();
        account.usedMillis = nowMillis;
        Sums sums = account.sums;
        long unsettled = account.unsettled.get();
        LocalDate today = day(nowMillis);
        if (budget.tokensPerMonth() > 0 && sums.ofMonth(today) + unsettled >= budget.tokensPerMonth()) {
            throw usedUp(
                    budget.tokensPerMonth(), "a month", today.withDayOfMonth(1).plusMonths(1), nowMillis);
        }
        if (budget.tokensPerDay() > 0 && sums.ofDay(today) + unsettled >= budget.tokensPerDay()) {
            throw usedUp(budget.tokensPerDay(), "a day", today.plusDays(1), nowMillis);
        }
    }

    private static GatewayException usedUp(long tokens, String period, LocalDate next, long nowMillis) {
        Instant anew = next.atStartOfDay(ZoneOffset.UTC).toInstant();
        return new GatewayException(
                        GatewayError.RATE_LIMITED,
                        "this key's budget of " + tokens + " tokens " + period + " is used up: it begins anew at "
                                + anew)
                .retryAfterMillis(anew.toEpochMilli() - nowMillis);
    }

    /**
     * Counts what an answer used, at its end, however long ago its request was let on. Keys without a budget are not for
     * here.
     *
     * @param keyId the {@link Identity#id} of who asked
     */
    public void spend(String keyId, long tokens) {
        if (tokens <= 0) {
            return;
        }
        // In one step: what is added to an account that settling has just forgotten would be lost.
        accounts.compute(keyId, (id, known) -> {
            Account account = known == null ? new Account() : known;
            account.unsettled.addAndGet(tokens);
            account.usedMillis = clock.millis();
            return account;
        });
    }

    private static LocalDate day(long millis) {
        return LocalDate.ofEpochDay(Math.floorDiv(millis, TimeUnit.DAYS.toMillis(1)));
    }

    /** Adds what was used since the last time, and learns what others used. One caller at a time; blocks. */
    synchronized void settle() {
        List<Settlement> due = new ArrayList<>();
        long nowMillis = clock.millis();
        accounts.forEach((id, account) -> {
            if (!account.isIdle(nowMillis)) {
                due.add(new Settlement(id, account, account.unsettled.get()));
            } else {
                accounts.computeIfPresent(id, (same, now) -> now.isIdle(nowMillis) ? null : now);
            }
        });
        // All instances in the same order: none waits for another that waits for it.
        due.sort(Comparator.comparing(Settlement::id));
        LocalDate today = day(nowMillis);
        try {
            for (int from = 0; from < due.size(); from += KEYS_PER_TRANSACTION) {
                settle(due.subList(from, Math.min(due.size(), from + KEYS_PER_TRANSACTION)), today);
            }
            forget(today);
        } catch (DatabaseAwayException away) {
            LOG.debug("budgets are settled later: {}", away.getMessage());
        } catch (SQLException e) {
            LOG.warn("budgets cannot be settled: {}", e.toString());
        }
    }

    private void settle(List<Settlement> part, LocalDate today) throws DatabaseAwayException, SQLException {
        List<Sums> sums = database.write(connection -> {
            add(connection, part, today);
            return sums(connection, part, today);
        });
        for (int i = 0; i < part.size(); i++) {
            Settlement settlement = part.get(i);
            // In this order a reader may count something twice for a moment, but never not at all.
            settlement.account.sums = sums.get(i);
            settlement.account.unsettled.addAndGet(-settlement.tokens);
        }
    }

    private static void add(Connection connection, List<Settlement> part, LocalDate today) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ADD)) {
            boolean any = false;
            for (Settlement settlement : part) {
                if (settlement.tokens > 0) {
                    for (String period : List.of(YearMonth.from(today).toString(), today.toString())) {
                        statement.setString(1, settlement.id);
                        statement.setString(2, period);
                        statement.setLong(3, settlement.tokens);
                        statement.addBatch();
                        any = true;
                    }
                }
            }
            if (any) {
                statement.executeBatch();
            }
        }
    }

    private static List<Sums> sums(Connection connection, List<Settlement> part, LocalDate today) throws SQLException {
        Map<String, Long> ofDay = new HashMap<>();
        Map<String, Long> ofMonth = new HashMap<>();
        String month = YearMonth.from(today).toString();
        int places = places(part.size());
        String sql = SUMS + String.join(", ", Collections.nCopies(places, "?")) + ')';
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, today.toString());
            statement.setString(2, month);
            for (int i = 0; i < places; i++) {
                statement.setString(3 + i, part.get(Math.min(i, part.size() - 1)).id);
            }
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    Map<String, Long> of = rows.getString(2).equals(month) ? ofMonth : ofDay;
                    of.put(rows.getString(1), rows.getLong(3));
                }
            }
        }
        return part.stream()
                .map(settlement ->
                        new Sums(today, ofDay.getOrDefault(settlement.id, 0L), ofMonth.getOrDefault(settlement.id, 0L)))
                .toList();
    }

    /** A power of two, so that there are few statements to prepare; the last key fills what is left over. */
    private static int places(int keys) {
        return keys == 1 ? 1 : Integer.highestOneBit(keys - 1) * 2;
    }

    /** Days long past are of no use. */
    private void forget(LocalDate today) throws DatabaseAwayException, SQLException {
        if (today.equals(forgotten) || accounts.isEmpty()) {
            return;
        }
        database.write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(FORGET)) {
                statement.setString(1, today.minusDays(DAYS_KEPT).toString());
                return statement.executeUpdate();
            }
        });
        forgotten = today;
    }

    @Override
    public void close() {
        if (settling != null) {
            settling.close();
        }
        settle();
    }
}
