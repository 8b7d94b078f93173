package dev.weir.server.management;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import dev.weir.pipeline.usage.UsageLine;
import dev.weir.pipeline.usage.UsageQuery;
import dev.weir.pipeline.usage.UsageReports;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code GET /management/usage}: what was used, as JSON or CSV. The database's threads do the reading. */
public final class UsageEndpoints {
    private static final Logger LOG = LoggerFactory.getLogger(UsageEndpoints.class);

    private final UsageReports reports;
    private final Database database;

    public UsageEndpoints(UsageReports reports, Database database) {
        this.reports = reports;
        this.database = database;
    }

    /** Reports. */
    public void report(Exchange exchange, Downstream downstream) throws GatewayException {
        UsageParameters parameters = UsageParameters.of(exchange.request().query(), Clock.systemUTC());
        UsageQuery query = parameters.query();
        database.later(() -> {
                    List<UsageLine> lines = reports.report(query);
                    return parameters.csv() ? csv(lines, query) : json(lines, query);
                })
                .whenCompleteAsync(
                        (response, failure) -> {
                            if (failure == null) {
                                downstream.respond(response);
                            } else {
                                downstream.fail(refusal(failure));
                            }
                        },
                        exchange.eventLoop());
    }

    private static LocalResponse json(List<UsageLine> lines, UsageQuery query) {
        return LocalResponse.json(200, UsageText.json(lines, query).toString());
    }

    private static LocalResponse csv(List<UsageLine> lines, UsageQuery query) {
        Headers headers = new Headers()
                .add("Content-Type", "text/csv; charset=utf-8; header=present")
                .add("Content-Disposition", "attachment; filename=\"weir-usage.csv\"");
        if (lines.size() > UsageReports.MAX_LINES) {
            headers.add("x-weir-truncated", "true");
        }
        byte[] text = UsageText.csv(lines, query).getBytes(StandardCharsets.UTF_8);
        return LocalResponse.of(200, headers, Unpooled.wrappedBuffer(text));
    }

    private static GatewayException refusal(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof DatabaseAwayException) {
            return new GatewayException(GatewayError.STORE_UNAVAILABLE, String.valueOf(cause.getMessage()), cause);
        }
        LOG.error("usage could not be reported", cause);
        return new GatewayException(GatewayError.INTERNAL, "usage could not be reported; the log says why", cause);
    }
}
