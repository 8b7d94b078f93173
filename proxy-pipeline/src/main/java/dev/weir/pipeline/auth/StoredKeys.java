package dev.weir.pipeline.auth;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Services;
import dev.weir.pipeline.auth.KeyRows.Version;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of the database, in a snapshot that every event loop looks into without waiting. A thread of its own asks the
 * database for its version every {@code poll}, or at once when somebody says that there is something new, and reads what
 * changed. While the database is away, the last snapshot is what is known: a key that is in it stays what it was, and one that is not
 * is answered 503, for it may be new. Outlives reloads.
 */
public final class StoredKeys implements KeyStore, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoredKeys.class);
    private static final String COPY = "data/keys.copy";
    private static final long MIN_CURRENT_MILLIS = 5_000;
    private static final long RETRY_MILLIS = 2_000;
    private static final String NOT_LOADED = "API keys cannot be checked yet: their database has not answered";
    private static final String UNKNOWN_NOW =
            "this API key is not among those known, and the database that would know a new one is away";
    private static final String STALE =
            "API keys cannot be checked: their database has been away for longer than auth.keys.max_stale";

    private final Database database;
    private final KeyReader reader;
    private final KeyCopy copy;
    private final Semaphore news = new Semaphore(0);
    private final Thread thread;
    private final @Nullable KeyNotices notices;
    private volatile long pollMillis = 1_000;
    private volatile long maxStaleMillis;
    private volatile @Nullable KeySnapshot snapshot;
    private volatile long confirmedMillis;
    private volatile boolean closed;

    /** Whether the next reading must be of all keys; guarded by this. */
    private boolean all = true;

    /** The one of this process. */
    public static StoredKeys of(Services services) {
        return services.shared(StoredKeys.class, () -> {
            StoredKeys keys = new StoredKeys(
                    services.shared(Database.class), services.stateDirectory().resolve(COPY));
            services.meters().gauge("weir_keys_known", "Good API keys in the snapshot.", keys::size);
            services.meters()
                    .gauge("weir_keys_age_seconds", "Since the snapshot was last known to be true.", keys::ageSeconds);
            return keys;
        });
    }

    /** Reads the copy on disk, or the database if there is none and it answers, and follows the database from then on. */
    StoredKeys(Database database, Path file) {
        this.database = database;
        this.reader = new KeyReader(database);
        this.copy = new KeyCopy(new KeyFile(file), () -> snapshot, () -> confirmedMillis);
        readCopy();
        if (snapshot == null) {
            database.awaitTried();
            follow();
        }
        database.whenUp(this::everythingAgain);
        thread = new Thread(this::run, "weir-keys");
        thread.setDaemon(true);
        thread.start();
        copy.start();
        notices = database.kind() == Database.Kind.POSTGRESQL ? new KeyNotices(database, news::release) : null;
    }

    void settings(Duration poll, Duration maxStale) {
        pollMillis = Math.max(1, poll.toMillis());
        maxStaleMillis = maxStale.toMillis();
        news.release();
    }

    @Override
    public @Nullable Grant find(byte[] digest) throws GatewayException {
        KeySnapshot known = snapshot;
        if (known == null) {
            throw unavailable(NOT_LOADED);
        }
        if (maxStaleMillis > 0 && ageMillis() > maxStaleMillis) {
            throw unavailable(STALE);
        }
        Grant grant = known.find(digest);
        if (grant == null && !isCurrent()) {
            throw unavailable(UNKNOWN_NOW);
        }
        return grant;
    }

    private static GatewayException unavailable(String why) {
        return new GatewayException(GatewayError.STORE_UNAVAILABLE, why).retryAfterMillis(RETRY_MILLIS);
    }

    /** Whether keys can be checked, from the database or from what was known before. */
    public boolean isLoaded() {
        return snapshot != null && (maxStaleMillis == 0 || ageMillis() <= maxStaleMillis);
    }

    /** Whether what is known was compared with the database lately. */
    public boolean isCurrent() {
        return database.isUp() && ageMillis() <= Math.max(MIN_CURRENT_MILLIS, 3 * pollMillis);
    }

    /** How many secrets are known that are good; counted when they were read. */
    public int size() {
        KeySnapshot known = snapshot;
        return known == null ? 0 : known.size();
    }

    private long ageMillis() {
        return System.currentTimeMillis() - confirmedMillis;
    }

    private double ageSeconds() {
        return snapshot == null ? Double.NaN : ageMillis() / 1000.0;
    }

    /** Reads what is new at once, for who just changed something. Blocks; without the database it does nothing. */
    public void refresh() {
        follow();
        news.release();
    }

    private synchronized void everythingAgain() {
        all = true;
        news.release();
    }

    /** Compares with the database, and reads what changed. */
    private synchronized void follow() {
        KeySnapshot known = snapshot;
        long nowMillis = System.currentTimeMillis();
        try {
            if (known == null || all || isChanged(known.version())) {
                snapshot = reader.read(all ? null : known);
                all = false;
            }
            confirmedMillis = nowMillis;
        } catch (DatabaseAwayException away) {
            LOG.debug("keys are not compared: {}", away.getMessage());
        } catch (SQLException | RuntimeException e) {
            LOG.warn("keys cannot be read from the database: {}", e.toString());
        }
    }

    private boolean isChanged(Version known) throws DatabaseAwayException, SQLException {
        return !reader.version().equals(known);
    }

    private void run() {
        try {
            while (!closed) {
                long nextNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pollMillis);
                follow();
                if (news.tryAcquire(nextNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    news.drainPermits();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void readCopy() {
        KeyFile.Copy known = copy.read();
        if (known != null) {
            snapshot = known.snapshot();
            confirmedMillis = Math.min(known.confirmedMillis(), System.currentTimeMillis());
        }
    }

    @Override
    public void close() {
        closed = true;
        news.release();
        if (notices != null) {
            notices.close();
        }
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        copy.close();
    }
}
