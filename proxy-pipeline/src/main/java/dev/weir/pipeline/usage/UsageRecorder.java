package dev.weir.pipeline.usage;

import dev.weir.core.Exchange;
import dev.weir.core.Meters;
import dev.weir.core.ModelProfiles;
import dev.weir.core.Outcome;
import dev.weir.core.Services;
import dev.weir.core.TokenUsage;
import dev.weir.pipeline.auth.TokenBudgets;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds up what answers use, and every second adds the sums to the database: each batch in one transaction that also notes its
 * number, so that one whose commit was not confirmed counts once all the same. While the database is away sums wait in memory;
 * when there are more of them than it takes, they are added to one that says so. A crash loses what was not added yet.
 * Any thread; event loops only add.
 */
public final class UsageRecorder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UsageRecorder.class);
    private static final long FLUSH_MILLIS = 1_000;
    private static final int MAX_ROWS = 20_000;
    private static final int ROWS_PER_BATCH = 500;

    /** Of a batch that the database refuses for its own sake; deadlocks are over long before. */
    private static final int MAX_REFUSALS = 20;

    private final UsageTable table;
    private final ModelProfiles models;
    private final TokenLedger ledger;
    private final Meters.Counter tokens;
    private final Meters.Counter merged;
    private final Meters.Counter dropped;
    private final ScheduledFuture<?> flushing;

    private final Object rowsLock = new Object();
    private Map<UsageKey, Row> rows = new HashMap<>();
    private long sequence;

    /** Not confirmed yet; guarded by this. */
    private @Nullable UsageBatch pending;

    private int refusals;
    private @Nullable LocalDate tidied;

    /** Sums, and the meters that go with them. */
    private static final class Row {
        private final UsageCounts counts = new UsageCounts();
        private final Meters.Counter prompt;
        private final Meters.Counter completion;

        Row(Meters.Counter tokens, UsageEntry entry) {
            prompt = tokens.labels(entry.model(), entry.backend(), "prompt");
            completion = tokens.labels(entry.model(), entry.backend(), "completion");
        }
    }

    /** The one of this process. */
    public static UsageRecorder of(Services services) {
        return services.shared(
                UsageRecorder.class,
                () -> new UsageRecorder(
                        services, services.shared(Database.class), TokenBudgets.of(services)::spend));
    }

    UsageRecorder(Services services, Database database, TokenLedger ledger) {
        this.table = new UsageTable(database, UUID.randomUUID().toString());
        this.models = services.models();
        this.ledger = ledger;
        Meters meters = services.meters();
        tokens = meters.counter("weir_tokens", "Tokens of prompts and of completions.", "model", "backend", "kind");
        merged = meters.counter(
                "weir_usage_merged", "Requests whose usage was added to (others): the database was away too long.");
        dropped = meters.counter("weir_usage_dropped", "Requests whose usage could not be written and is lost.");
        meters.gauge("weir_usage_waiting_rows", "Sums of usage that are not in the database yet.", this::waiting);
        flushing = services.background()
                .scheduleWithFixedDelay(
                        () -> database.later(() -> {
                            flush();
                            return true;
                        }),
                        FLUSH_MILLIS,
                        FLUSH_MILLIS,
                        TimeUnit.MILLISECONDS);
    }

    /** An exchange is over. On its event loop. */
    void record(Exchange exchange, TokenUsage usage, Outcome outcome, boolean cacheHit) {
        UsageEntry entry = UsageEntry.of(exchange, usage, outcome, cacheHit, models);
        if (entry == null) {
            return;
        }
        add(entry);
        if (usage.totalTokens() > 0 && !entry.keyId().isEmpty()) {
            ledger.spent(entry.keyId(), usage.totalTokens());
        }
    }

    void add(UsageEntry entry) {
        LocalDate day = LocalDate.ofEpochDay(Math.floorDiv(entry.endMillis(), TimeUnit.DAYS.toMillis(1)));
        UsageKey key = new UsageKey(entry.keyId(), entry.model(), entry.backend(), day);
        Row row;
        synchronized (rowsLock) {
            row = rows.get(key);
            if (row == null) {
                if (rows.size() >= MAX_ROWS) {
                    key = UsageKey.overflow(day);
                    merged.increment();
                }
                row = rows.computeIfAbsent(key, absent -> new Row(tokens, entry));
            }
            row.counts.add(entry);
        }
        if (entry.promptTokens() > 0) {
            row.prompt.add((double) entry.promptTokens());
        }
        if (entry.completionTokens() > 0) {
            row.completion.add((double) entry.completionTokens());
        }
    }

    private double waiting() {
        synchronized (rowsLock) {
            return rows.size();
        }
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

    /** The batch that is to be added next; null if nothing waits. */
    private @Nullable UsageBatch next() {
        if (pending == null) {
            Map<UsageKey, UsageCounts> taken = take();
            if (!taken.isEmpty()) {
                pending = UsageBatch.of(++sequence, taken);
            }
        }
        return pending;
    }

    private Map<UsageKey, UsageCounts> take() {
        Map<UsageKey, UsageCounts> taken = new HashMap<>();
        synchronized (rowsLock) {
            Iterator<Map.Entry<UsageKey, Row>> waiting = rows.entrySet().iterator();
            while (waiting.hasNext() && taken.size() < ROWS_PER_BATCH) {
                Map.Entry<UsageKey, Row> row = waiting.next();
                taken.put(row.getKey(), row.getValue().counts);
                waiting.remove();
            }
        }
        return taken;
    }

    private void refused(SQLException e) {
        UsageBatch batch = pending;
        if (batch == null || ++refusals < MAX_REFUSALS) {
            LOG.warn("usage could not be written, trying again: {}", e.toString());
            return;
        }
        LOG.error("the usage of {} requests is lost: the database refuses it", batch.requests(), e);
        dropped.add((double) batch.requests());
        pending = null;
        refusals = 0;
    }

    private void tidy() throws DatabaseAwayException, SQLException {
        LocalDate today = LocalDate.ofEpochDay(Math.floorDiv(System.currentTimeMillis(), TimeUnit.DAYS.toMillis(1)));
        if (!today.equals(tidied)) {
            table.forgetOldMarks();
            tidied = today;
        }
    }

    /** Writes what waits, if the database is there. */
    @Override
    public void close() {
        flushing.cancel(false);
        if (!flush()) {
            long lost = unwritten();
            if (lost > 0) {
                LOG.error("the usage of {} requests is lost: the database is away", lost);
                dropped.add((double) lost);
            }
        }
    }

    private synchronized long unwritten() {
        UsageBatch batch = pending;
        long requests = batch == null ? 0 : batch.requests();
        synchronized (rowsLock) {
            for (Row row : rows.values()) {
                requests += row.counts.requests();
            }
        }
        return requests;
    }
}
