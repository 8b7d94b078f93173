package dev.weir.testing;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes Netty's leak detectors ones that keep their reports. Netty reports a leak only after the leaked object was
 * collected and something else is tracked; {@link #collect} brings both about. <em>Any thread.</em>
 */
final class LeakRecorder extends ResourceLeakDetectorFactory {
    private static final Duration LONGEST_COLLECTION = Duration.ofSeconds(20);

    private static final List<String> MACHINERY = List.of(
            "org.junit.", "org.apache.maven.", "java.base/jdk.internal.reflect.", "java.base/java.lang.reflect.");

    private final List<RecordingDetector<?>> detectors = new CopyOnWriteArrayList<>();
    private final Queue<String> reports = new ConcurrentLinkedQueue<>();
    private final AtomicLong tracked = new AtomicLong();
    private long trackedAtLastCollection;

    /** Must come before the first buffer of the JVM: Netty keeps its detectors in static fields. */
    static LeakRecorder install() {
        LeakRecorder recorder = new LeakRecorder();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        setResourceLeakDetectorFactory(recorder);
        return recorder;
    }

    @Override
    @SuppressWarnings("deprecation") // Abstract, so it must be here.
    public <T> ResourceLeakDetector<T> newResourceLeakDetector(
            Class<T> resource, int samplingInterval, long maxActive) {
        return newResourceLeakDetector(resource, samplingInterval);
    }

    @Override
    public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> resource, int samplingInterval) {
        RecordingDetector<T> detector = new RecordingDetector<>(resource, samplingInterval);
        detectors.add(detector);
        return detector;
    }

    /** The leaks found since the last call. Costs a garbage collection, but nothing when nothing was tracked since. */
    synchronized List<String> collect() {
        long trackedNow = tracked.get();
        if (trackedNow != trackedAtLastCollection) {
            trackedAtLastCollection = trackedNow;
            // One collection may enqueue the sentinel before the leaks; the second cannot come before the first is
            // done.
            collectGarbage();
            collectGarbage();
            detectors.forEach(RecordingDetector::pollLeaks);
        }
        List<String> found = new ArrayList<>();
        for (String report = reports.poll(); report != null; report = reports.poll()) {
            found.add(report);
        }
        return found;
    }

    /** Returns when the references cleared by a collection begin to be enqueued. */
    private static void collectGarbage() {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        WeakReference<Object> sentinel = new WeakReference<>(new Object(), queue);
        System.gc();
        try {
            if (queue.remove(LONGEST_COLLECTION.toMillis()) != sentinel) {
                throw new AssertionError("no garbage collection within " + LONGEST_COLLECTION.toMillis()
                        + " ms (expected: System.gc() enabled)");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while looking for leaks", e);
        }
    }

    /** Leaves out the frames of the test machinery, which are most of every record. */
    private static String ownFrames(String records) {
        return records.lines()
                .filter(line -> MACHINERY.stream().noneMatch(line.strip()::startsWith))
                .collect(Collectors.joining("\n"));
    }

    /** Keeps what it reports instead of logging it. */
    private final class RecordingDetector<T> extends ResourceLeakDetector<T> {
        RecordingDetector(Class<T> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        @Override
        public @Nullable ResourceLeakTracker<T> track(T resource) {
            tracked.incrementAndGet();
            return super.track(resource);
        }

        @Override
        public ResourceLeakTracker<T> trackForcibly(T resource) {
            tracked.incrementAndGet();
            return super.trackForcibly(resource);
        }

        /** Tracking anything makes the detector look at what was collected; the type is erased and the tracker closed. */
        @SuppressWarnings("unchecked")
        void pollLeaks() {
            T probe = (T) new Object();
            ResourceLeakTracker<T> tracker = super.trackForcibly(probe);
            tracker.close(probe);
        }

        @Override
        protected boolean needReport() {
            return true;
        }

        @Override
        protected void reportTracedLeak(String resourceType, String records) {
            reports.add(
                    "leaked " + resourceType + " (last accesses first, then where it was made):" + ownFrames(records));
        }

        @Override
        protected void reportUntracedLeak(String resourceType) {
            reports.add("leaked " + resourceType + " (no record of its accesses)");
        }
    }
}
