package dev.weir.pipeline.usage;

import dev.weir.core.Exchange;
import dev.weir.core.Meters;
import dev.weir.core.ModelProfiles;
import dev.weir.core.Outcome;
import dev.weir.core.Services;
import dev.weir.core.TokenUsage;
import dev.weir.pipeline.auth.KeyBudget;
import dev.weir.pipeline.auth.TokenBudgets;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.pipeline.store.Repeated;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds up what answers use, and every second adds the sums to the database: each batch in one transaction that also notes its
 * number, so that one whose commit was not confirmed counts once all the same. While the database is away sums wait in memory.
 * A crash loses what was not added yet. Any thread; event loops only add.
 */
public final class UsageRecorder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UsageRecorder.class);
    private static final long FLUSH_MILLIS = 1_000;
    private static final int MAX_ROWS = 20_000;
    private static final int ROWS_PER_BATCH = 500;

    /** Of a batch that the database refuses for its own sake; deadlocks are over long before. */
    static final int MAX_REFUSALS = 20;

    private final UsageSums sums = new UsageSums(MAX_ROWS);
    private final UsageTable table;
    private final ModelProfiles models;
    private final TokenLedger ledger;
    private final TokenMeters tokens;
    private final Meters.Counter merged;
    private final Meters.Counter dropped;
    private final Repeated flushing;

    /** Not confirmed yet; this and the rest guarded by this. */
    private @Nullable UsageBatch pending;

    private long sequence;
    private int refusals;
    private @Nullable LocalDate tidied;

    /** The one of this process. */
    public static UsageRecorder of(Services services) {
        return services.shared(
                UsageRecorder.class,
                () -> new UsageRecorder(services, services.shared(Database.class), TokenBudgets.of(services)::spend));
    }

    UsageRecorder(Services services, Database database, TokenLedger ledger) {
        this.table = new UsageTable(database, UUID.randomUUID().toString());
        this.models = services.models();
        this.ledger = ledger;
        Meters meters = services.meters();
        tokens = new TokenMeters(meters);
        merged = meters.counter(
                "weir_usage_merged", "Requests whose usage was added to (others): too many sums waited.");
        dropped = meters.counter("weir_usage_dropped", "Requests whose usage could not be written and is lost.");
        meters.gauge("weir_usage_waiting_rows", "Sums of usage that are not in the database yet.", sums::size);
        flushing = new Repeated(services.background(), FLUSH_MILLIS, database, this::flush);
    }

    /** An exchange is over. On its event loop. */
    void record(Exchange exchange, TokenUsage usage, Outcome outcome, boolean cacheHit) {
        UsageEntry entry = UsageEntry.of(exchange, usage, outcome, cacheHit, models);
        if (entry == null) {
            return;
        }
        add(entry);
        if (usage.totalTokens() > 0 && exchange.get(KeyBudget.KEY) != null) {
            ledger.spent(entry.keyId(), usage.totalTokens());
        }
    }

    void add(UsageEntry entry) {
        if (!sums.add(entry)) {
            merged.increment();
        }
        tokens.add(entry);
    }

    /** Adds what waits to the database; returns whether all of it is there now. Blocks. */
    public synchronized boolean flush() {
        try {
            for (UsageBatch batch = next(); batch != null; batch = next()) {
                table.add(batch);
                pending = null;
                refusals = 0;
            }
            tidy();
            return true;
        } catch (DatabaseAwayException away) {
            LOG.debug("usage is written later: {}", away.getMessage());
        } catch (SQLException e) {
            refused(e);
        }
        return false;
    }

    /** The batch that is to be added next: the one that was not confirmed, or what waits; null if nothing does. */
    private @Nullable UsageBatch next() {
        if (pending == null) {
            Map<UsageKey, UsageCounts> taken = sums.take(ROWS_PER_BATCH);
            if (!taken.isEmpty()) {
                pending = UsageBatch.of(++sequence, taken);
            }
        }
        return pending;
    }

    private void refused(SQLException e) {
        UsageBatch batch = pending;
        if (batch == null || ++refusals < MAX_REFUSALS) {
            if (refusals <= 1) {
                LOG.warn("usage could not be written, trying again: {}", e.toString());
            }
            return;
        }
        LOG.error("the usage of {} requests is lost: the database refuses it", batch.requests(), e);
        dropped.add((double) batch.requests());
        pending = null;
        refusals = 0;
    }

    private void tidy() throws DatabaseAwayException, SQLException {
        LocalDate today = LocalDate.ofEpochDay(System.currentTimeMillis() / TimeUnit.DAYS.toMillis(1));
        if (!today.equals(tidied)) {
            table.forgetOldMarks();
            tidied = today;
        }
    }

    /** Requests whose usage is not in the database yet, as far as is known. */
    synchronized long waiting() {
        UsageBatch batch = pending;
        return sums.requests() + (batch == null ? 0 : batch.requests());
    }

    /** Writes what waits, if the database is there. */
    @Override
    public void close() {
        flushing.close();
        if (!flush()) {
            long lost = waiting();
            if (lost > 0) {
                LOG.error("the usage of {} requests is lost: the database is away", lost);
                dropped.add((double) lost);
            }
        }
    }
}
