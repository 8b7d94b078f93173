package dev.weir.backends;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Whether a backend may be given requests: what active checks say, what real requests have met, and how far it is back
 * after an absence.
 *
 * <pre>
 *   UP ──failures in a row──▶ EJECTED ──time is up──▶ TRIAL of one request ──success──▶ UP, starting slowly
 *                                ▲───────────── failure: twice as long ◀─────┘
 *   UP ──checks fail──▶ DOWN ──checks succeed, or a trial does──▶ UP, starting slowly
 * </pre>
 *
 * Any thread; times are monotonic.
 */
final class Availability {
    private static final long SLOW_START_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** A backend that is back begins with this share of its weight, in thousandths. */
    private static final int SLOW_START_FLOOR = 100;

    static final int FULL = 1000;

    private final BackendSpec.Eject eject;
    private final BackendSpec.Health health;
    private final LongSupplier clock;

    private volatile boolean down;
    private volatile boolean ejected;
    private volatile boolean trial;
    private volatile boolean starting;
    private volatile long ejectedUntilNanos;
    private volatile long startedNanos;
    private volatile int failures;
    private int ejections;
    private volatile int checksFailed;
    private int checksPassed;
    private long reinstatedNanos;

    Availability(BackendSpec.Eject eject, BackendSpec.Health health, LongSupplier clock) {
        this.eject = eject;
        this.health = health;
        this.clock = clock;
    }

    /** Whether requests may be sent without more ado. */
    boolean isUp() {
        return !down && !ejected;
    }

    boolean isDown() {
        return down;
    }

    boolean isEjected() {
        return ejected;
    }

    /** How long until an ejected backend may be tried again, in milliseconds; 0 when it may be now. */
    long retryAfterMillis() {
        if (!ejected) {
            return 0;
        }
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(ejectedUntilNanos - clock.getAsLong()));
    }

    /** Whether the backend has served its time and one request may try it. */
    boolean isTrialDue() {
        return ejected && !down && !trial && clock.getAsLong() - ejectedUntilNanos >= 0;
    }

    /** Claims the one trial; the claim ends with {@link #succeeded}, {@link #failed} or {@link #trialUndecided}. */
    synchronized boolean claimTrial() {
        if (trial) {
            return false;
        }
        trial = true;
        return true;
    }

    /** The share of its weight the backend counts with now, in thousandths. */
    int share() {
        if (!starting) {
            return FULL;
        }
        long since = clock.getAsLong() - startedNanos;
        if (since >= SLOW_START_NANOS) {
            starting = false;
            return FULL;
        }
        return (int) Math.max(SLOW_START_FLOOR, FULL * since / SLOW_START_NANOS);
    }

    /**
     * A request was answered: whatever was thought of the backend, it works. Checks that fail meanwhile start counting anew.
     *
     * @return whether this brought it back
     */
    boolean succeeded() {
        if (failures == 0 && checksFailed == 0 && isUp() && !trial) {
            return false;
        }
        synchronized (this) {
            failures = 0;
            checksFailed = 0;
            trial = false;
            if (isUp()) {
                return false;
            }
            ejected = false;
            down = false;
            reinstatedNanos = clock.getAsLong();
            startSlowly();
            return true;
        }
    }

    /**
     * A request failed through the backend's own fault.
     *
     * @param asTrial whether it was the trial
     * @return whether this ejected it
     */
    synchronized boolean failed(boolean asTrial) {
        trial &= !asTrial;
        failures++;
        long now = clock.getAsLong();
        if (ejected) {
            // Requests from before the ejection prove nothing new, nor does a trial that was made before its time.
            if (asTrial && now - ejectedUntilNanos >= 0) {
                eject(now, ejections + 1);
            }
            return false;
        }
        if (failures < eject.consecutiveFailures()) {
            return false;
        }
        // Long good service is forgiven; a relapse soon after coming back is not.
        boolean relapse = ejections > 0 && now - reinstatedNanos < nanos(eject.maxMillis());
        eject(now, relapse ? ejections + 1 : 1);
        return true;
    }

    private void eject(long now, int times) {
        ejections = Math.min(times, 30);
        int doublings = ejections - 1;
        boolean capped = eject.baseMillis() >= eject.maxMillis() >> doublings;
        ejectedUntilNanos = now + nanos(capped ? eject.maxMillis() : eject.baseMillis() << doublings);
        ejected = true;
        failures = 0;
    }

    /** A trial ended without a verdict: its client left. */
    synchronized void trialUndecided() {
        trial = false;
    }

    /**
     * An active check ended. It takes a backend out only if no request was answered meanwhile, and brings back only what
     * checks took out: an ejected backend comes back by a trial.
     *
     * @return whether the backend went up or down by it
     */
    synchronized boolean checked(boolean passed) {
        if (passed) {
            checksFailed = 0;
            if (down && ++checksPassed >= health.rise()) {
                down = false;
                startSlowly();
                return true;
            }
        } else {
            checksPassed = 0;
            if (!down && ++checksFailed >= health.fall()) {
                down = true;
                return true;
            }
        }
        return false;
    }

    private void startSlowly() {
        checksPassed = 0;
        startedNanos = clock.getAsLong();
        starting = true;
    }

    private static long nanos(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
