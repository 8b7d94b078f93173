package dev.weir.pipeline.audit;

import dev.weir.core.Meters;
import dev.weir.pipeline.audit.AuditDrops.Reason;
import dev.weir.pipeline.audit.AuditTable.Written;
import dev.weir.pipeline.audit.SpillSegment.Page;
import dev.weir.pipeline.store.Database;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers rows into batches and moves one after another into the database. When it is away, or slow while more come, they go
 * to the {@link Spill}, and all that follow behind them, until everything there has been written: the order stays. What comes
 * to the spill while nobody knows whether the database has it is written once all the same, for rows are numbered.
 *
 * <pre>
 *   DIRECT ──a batch failed, or takes long while others wait──▶ SPILLING ──all of the spill is in the database──▶ DIRECT
 * </pre>
 *
 * Confined to the writer's thread, but for what says otherwise.
 */
final class AuditRelay {
    private static final Logger LOG = LoggerFactory.getLogger(AuditRelay.class);
    /** How often a batch goes that is not full. */
    private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** How often it is looked whether what did not go goes now. */
    static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long SLOW_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Database database;
    private final AuditTable table;
    private final AuditDrops drops;
    private final Meters.Counter written;
    private final Estate estate;
    private final Runnable onAnswer;
    private final String writer = String.format(
            Locale.ROOT,
            "%012x%08x",
            System.currentTimeMillis(),
            ThreadLocalRandom.current().nextInt());

    private volatile @Nullable Path directory;
    private volatile long maxSpillBytes;
    private volatile @Nullable Reason trouble;
    private volatile long spillBytes;
    private volatile boolean spilling;
    private @Nullable Spill spill;
    private long spillRetryNanos = System.nanoTime();

    private AuditBatch gathered = new AuditBatch();
    private long goneNanos = System.nanoTime();
    private long sequence;

    /** What is not known to be in the database, nor in the spill: in flight, or to be sent again. */
    private @Nullable AuditBatch sent;

    /** What is asked of the database now, and the page of the spill that this is about, if it is. */
    private @Nullable CompletableFuture<Long> answer;

    private @Nullable Page page;
    private long answerNanos;
    private long retryNanos = System.nanoTime();

    private long safe;
    private long stored;
    private boolean ending;

    /** @param onAnswer told, on any thread, when there is something to {@link #move} because the database has answered */
    AuditRelay(Database database, AuditDrops drops, Meters meters, Runnable onAnswer) {
        this.database = database;
        this.onAnswer = onAnswer;
        this.table = new AuditTable(database);
        this.drops = drops;
        this.written = meters.counter("weir_audit_written", "Audit records written into the database.");
        this.estate = new Estate(drops);
    }

    /** By which name the database and the disk know this process. Any thread. */
    String writer() {
        return writer;
    }

    /** Any thread. */
    void settings(Path spillDirectory, long maxBytes) {
        directory = spillDirectory;
        maxSpillBytes = maxBytes;
    }

    /** Any thread. */
    long spillBytes() {
        return spillBytes;
    }

    /** Why a record finds no room. Any thread. */
    Reason whyFull() {
        Reason known = trouble;
        return known == null ? Reason.QUEUE_FULL : known;
    }

    /** Whether no more rows fit into the batch. */
    boolean isFull() {
        return gathered.isFull();
    }

    /** Whether rows are in memory that are not safe yet. */
    boolean isBusy() {
        return !gathered.isEmpty() || sent != null;
    }

    /** Whether there is something to try again: nobody will say when. */
    private boolean isRetrying() {
        return answer == null && (spilling || sent != null || !estate.isEmpty());
    }

    /** How long nothing need be done unless somebody says so. */
    long nanosToNext() {
        if (isRetrying()) {
            return POLL_NANOS;
        }
        long left = gathered.isEmpty() ? GATHER_NANOS : goneNanos + GATHER_NANOS - System.nanoTime();
        return left > 0 ? left : POLL_NANOS;
    }

    /** Whether the database is about to answer. */
    boolean isAsking() {
        return answer != null && database.isUp();
    }

    /** From now on only what is in memory is brought on; what is on disk already waits for the next process. */
    void end() {
        ending = true;
    }

    void add(StoredRow next) {
        gathered.add(next.at(sequence + 1));
        sequence++;
    }

    /**
     * Does what can be done without waiting.
     *
     * @param flush whether a batch need not be full
     * @param crowded whether many records wait to be gathered
     * @return whether a batch has gone
     */
    boolean move(boolean flush, boolean crowded) {
        long now = System.nanoTime();
        openSpill(now);
        settle(now);
        boolean due = flush || isFull() || now - goneNanos >= GATHER_NANOS;
        boolean gone = due && !gathered.isEmpty() && place(crowded, now);
        if (gone) {
            goneNanos = now;
        }
        if (answer == null && now - retryNanos >= 0) {
            next(now);
        }
        spillBytes = (spill == null ? 0 : spill.bytes()) + estate.bytes();
        return gone;
    }

    private void openSpill(long now) {
        Path parent = directory;
        if (spill != null || parent == null || now - spillRetryNanos < 0) {
            return;
        }
        try {
            spill = Spill.create(parent, writer);
            estate.find(parent);
            trouble = null;
        } catch (IOException e) {
            failed(parent, e);
        }
    }

    /** Sends the batch, or spills it, if it need not wait. */
    private boolean place(boolean crowded, long now) {
        if (!spilling && sent == null && answer == null) {
            send(gathered, now);
            gathered = new AuditBatch();
            return true;
        }
        boolean slow = crowded || answer == null || now - answerNanos >= SLOW_NANOS;
        if (!spilling && !(slow && spillSent())) {
            return false;
        }
        if (!append(gathered.rows())) {
            return false;
        }
        spilling = true;
        gathered = new AuditBatch();
        return true;
    }

    /** What was sent goes to the spill before what comes after it. */
    private boolean spillSent() {
        AuditBatch batch = sent;
        if (batch == null) {
            return true;
        }
        if (!append(batch.rows())) {
            return false;
        }
        sent = null;
        spilling = true;
        LOG.warn("audit records go to {} until the database takes them", spill);
        return true;
    }

    private boolean append(List<StoredRow> rows) {
        Spill into = spill;
        if (into == null || System.nanoTime() - spillRetryNanos < 0) {
            return false;
        }
        try {
            if (!into.append(rows, maxSpillBytes - estate.bytes())) {
                trouble = Reason.SPILL_FULL;
                return false;
            }
        } catch (IOException e) {
            failed(into, e);
            return false;
        }
        trouble = null;
        safe = last(rows);
        return true;
    }

    private static long last(List<StoredRow> rows) {
        return rows.get(rows.size() - 1).sequence();
    }

    private void failed(Object where, IOException failure) {
        spillRetryNanos = System.nanoTime() + RETRY_NANOS;
        if (trouble != Reason.SPILL_FAILED) {
            LOG.error("audit records cannot be spilled to {}: {}", where, failure.toString());
        }
        trouble = Reason.SPILL_FAILED;
    }

    private void send(AuditBatch batch, long now) {
        sent = batch;
        ask(null, () -> count(table.write(writer, batch.rows())), now);
    }

    private void send(String by, Page about, long now) {
        ask(about, () -> count(table.write(by, about.rows())), now);
    }

    private long count(Written done) {
        written.add(done.rows());
        drops.add(Reason.REFUSED, done.refused());
        return 0;
    }

    private void ask(@Nullable Page about, Callable<Long> what, long now) {
        page = about;
        answerNanos = now;
        CompletableFuture<Long> asked = database.later(what);
        answer = asked;
        asked.whenComplete((done, failure) -> onAnswer.run());
    }

    /** Looks whether the database has answered. */
    private void settle(long now) {
        CompletableFuture<Long> done = answer;
        if (done == null || !done.isDone()) {
            return;
        }
        answer = null;
        Page about = page;
        page = null;
        try {
            if (done.isCompletedExceptionally()) {
                retryNanos = now + RETRY_NANOS;
                if (sent != null) {
                    spillSent();
                }
            } else if (estate.isAsked()) {
                estate.answered(about, done.join());
            } else if (about != null && spill != null) {
                spill.acknowledge(about);
                stored(last(about.rows()));
            } else if (sent != null) {
                safe = last(sent.rows());
                stored(safe);
                sent = null;
            }
        } catch (IOException e) {
            retryNanos = now + RETRY_NANOS;
            failed("it", e);
        } finally {
            estate.forget();
        }
    }

    /** Asks the database for the next thing there is to do. */
    private void next(long now) {
        AuditBatch again = sent;
        if (again != null) {
            if (database.isUp() || !spillSent()) {
                retryNanos = now + RETRY_NANOS;
                send(again, now);
            }
            return;
        }
        if (ending) {
            return;
        }
        Spill own = spill;
        try {
            if (spilling && own != null) {
                Page oldest = own.read(AuditBatch.MAX_ROWS, AuditBatch.MAX_WEIGHT);
                if (!oldest.rows().isEmpty()) {
                    send(writer, oldest, now);
                    return;
                }
                spilling = false;
                LOG.info("all audit records of the spill are in the database");
            }
        } catch (IOException e) {
            retryNanos = now + RETRY_NANOS;
            failed("it", e);
            return;
        }
        if (database.isUp() && estate.next(AuditBatch.MAX_ROWS, AuditBatch.MAX_WEIGHT)) {
            Page inherited = estate.page();
            if (inherited == null) {
                ask(null, () -> table.sequence(estate.writer()), now);
            } else {
                send(estate.writer(), inherited, now);
            }
        }
    }

    private synchronized void stored(long upTo) {
        stored = Math.max(stored, upTo);
        notifyAll();
    }

    /** The last record of this process that can be read from the database. Any thread. */
    synchronized long stored() {
        return stored;
    }

    /** Waits for that. Any thread. */
    synchronized void awaitStored(long target, long timeoutMillis) throws InterruptedException {
        long endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        long left = timeoutMillis;
        while (stored < target && !spilling && left > 0) {
            wait(left);
            left = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
        }
    }

    /** Notes how many records were taken on, so that another process can say how many were lost with this one. */
    void noteTaken(long records) {
        if (spill != null && spill.taken() != records) {
            try {
                spill.taken(records);
            } catch (IOException e) {
                failed(spill, e);
            }
        }
    }

    /**
     * Ends: what is not in the database goes to the disk, for the next process.
     *
     * @param left records that were not even gathered
     */
    void close(int left) {
        long lost = left;
        if (!spillSent()) {
            lost += sent == null ? 0 : sent.rows().size();
        }
        if (!gathered.isEmpty() && !append(gathered.rows())) {
            lost += gathered.rows().size();
        }
        drops.add(Reason.SHUTDOWN, lost);
        Spill own = spill;
        try {
            if (own != null && own.isEmpty() && answer == null) {
                own.delete();
            } else if (own != null) {
                own.taken(safe);
                own.close();
            }
            estate.close();
        } catch (IOException e) {
            LOG.warn("{} could not be closed: {}", own, e.toString());
        }
    }
}
