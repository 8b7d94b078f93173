package dev.weir.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes what goes wrong where no test looks: exceptions that end a thread, errors in the log, and Netty's warnings, which
 * is where an exception that reached the end of a pipeline is told. <em>Any thread.</em>
 */
final class StrayErrors {
    private static final String APPENDER = "stray-errors";

    /** Together: what Lettuce still had under way when its client was closed, and that finds no event loop any more. */
    private static final List<String> GIVEN_UP_BY_LETTUCE =
            List.of("RejectedExecutionException: event executor terminated", " io.lettuce.core.");

    private final Queue<String> uncaught = new ConcurrentLinkedQueue<>();
    private final Queue<String> logged = new ConcurrentLinkedQueue<>();

    /** Puts itself in place, again if something has displaced it since. */
    void install() {
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) ->
                uncaught.add("uncaught on thread " + thread.getName() + ": " + stackTrace(failure)));
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
            if (root.getAppender(APPENDER) == null) {
                Recorder recorder = new Recorder();
                recorder.setName(APPENDER);
                recorder.setContext(context);
                recorder.start();
                root.addAppender(recorder);
            }
        }
    }

    /** The exceptions that ended threads since the last call. */
    List<String> takeUncaught() {
        return take(uncaught);
    }

    /** The errors logged since the last call. */
    List<String> takeLogged() {
        return take(logged);
    }

    private static List<String> take(Queue<String> queue) {
        List<String> taken = new ArrayList<>();
        for (String entry = queue.poll(); entry != null; entry = queue.poll()) {
            taken.add(entry);
        }
        return taken;
    }

    private static String stackTrace(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }

    private final class Recorder extends AppenderBase<ILoggingEvent> {
        @Override
        protected void append(ILoggingEvent event) {
            Level threshold = event.getLoggerName().startsWith("io.netty.") ? Level.WARN : Level.ERROR;
            if (event.getLevel().isGreaterOrEqual(threshold)) {
                String trace = event.getThrowableProxy() == null
                        ? ""
                        : System.lineSeparator() + ThrowableProxyUtil.asString(event.getThrowableProxy());
                if (GIVEN_UP_BY_LETTUCE.stream().allMatch(trace::contains)) {
                    return;
                }
                logged.add(event.getLevel() + " " + event.getLoggerName() + " [" + event.getThreadName() + "] "
                        + event.getFormattedMessage() + trace);
            }
        }
    }
}
