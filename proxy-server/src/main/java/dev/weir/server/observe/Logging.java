package dev.weir.server.observe;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.Layout;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import dev.weir.server.config.LoggingConfig;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets the process's logging up as the configuration says. Ordinary lines pass a bounded queue that drops rather than have
 * an event loop wait for a slow disk or a stalled console.
 */
public final class Logging {
    private static final int QUEUE = 8 * 1024;

    private Logging() {}

    public static void configure(LoggingConfig config) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        List<Appender<ILoggingEvent>> outputs = new ArrayList<>();
        outputs.add(start(context, config, new ConsoleAppender<>(), "console"));
        if (config.file() != null) {
            outputs.add(file(context, config, config.file()));
        }
        AsyncAppender queue = new AsyncAppender();
        queue.setContext(context);
        queue.setName("queue");
        queue.setQueueSize(QUEUE);
        queue.setNeverBlock(true);
        queue.addAppender(new Tee(context, outputs));
        queue.start();
        ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(config.level().name()));
        root.addAppender(queue);
        // Netty's debugging is about Netty.
        context.getLogger("io.netty").setLevel(Level.WARN);
        // What they find is told by whoever uses them.
        context.getLogger("org.flywaydb").setLevel(Level.ERROR);
        context.getLogger("com.zaxxer.hikari").setLevel(Level.ERROR);
        context.getLogger("io.lettuce").setLevel(Level.ERROR);
        ch.qos.logback.classic.Logger access = context.getLogger(AccessLog.LOGGER);
        access.setLevel(config.accessLog() ? Level.INFO : Level.OFF);
        access.setAdditive(false);
        outputs.forEach(access::addAppender);
    }

    /** Writes what is still queued. */
    public static void flush() {
        ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    }

    private static Appender<ILoggingEvent> file(
            LoggerContext context, LoggingConfig config, LoggingConfig.LogFile file) {
        RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setFile(file.path().toString());
        FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
        rolling.setContext(context);
        rolling.setParent(appender);
        rolling.setFileNamePattern(file.path() + ".%i");
        rolling.setMinIndex(1);
        rolling.setMaxIndex(Math.max(1, file.keep()));
        rolling.start();
        SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(context);
        trigger.setMaxFileSize(new FileSize(file.maxSize().bytes()));
        trigger.setCheckIncrement(Duration.buildBySeconds(1));
        trigger.start();
        appender.setRollingPolicy(rolling);
        appender.setTriggeringPolicy(trigger);
        return start(context, config, appender, "file");
    }

    private static Appender<ILoggingEvent> start(
            LoggerContext context, LoggingConfig config, OutputStreamAppender<ILoggingEvent> appender, String name) {
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setLayout(layout(context, config.format()));
        encoder.start();
        appender.setContext(context);
        appender.setName(name);
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }

    private static Layout<ILoggingEvent> layout(LoggerContext context, LoggingConfig.Format format) {
        if (format == LoggingConfig.Format.JSON) {
            JsonLayout layout = new JsonLayout();
            layout.setContext(context);
            layout.start();
            return layout;
        }
        TextLayout layout = new TextLayout();
        layout.setContext(context);
        layout.setPattern("%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n");
        layout.start();
        return layout;
    }

    /** Lines for people; those of the access log are JSON all the same, and several at a time. */
    private static final class TextLayout extends PatternLayout {
        @Override
        public String doLayout(ILoggingEvent event) {
            return event.getLoggerName().equals(AccessLog.LOGGER) ? event.getFormattedMessage() : super.doLayout(event);
        }
    }

    /** Hands each line to every output; the queue takes only one. */
    private static final class Tee extends UnsynchronizedAppenderBase<ILoggingEvent> {
        private final List<Appender<ILoggingEvent>> outputs;

        Tee(LoggerContext context, List<Appender<ILoggingEvent>> outputs) {
            this.outputs = outputs;
            setContext(context);
            setName("tee");
            start();
        }

        @Override
        protected void append(ILoggingEvent event) {
            for (Appender<ILoggingEvent> output : outputs) {
                output.doAppend(event);
            }
        }
    }
}
