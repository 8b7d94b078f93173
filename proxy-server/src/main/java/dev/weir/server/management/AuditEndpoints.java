package dev.weir.server.management;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.audit.AuditEntry;
import dev.weir.pipeline.audit.AuditQueries;
import dev.weir.pipeline.audit.AuditQueries.Page;
import dev.weir.pipeline.audit.AuditSearch;
import dev.weir.pipeline.store.Database;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code /management/audit…}: what was written down. The database's threads do the reading. */
public final class AuditEndpoints {
    private static final String PATH = "/management/audit/";
    private static final List<String> NAMES = List.of("key", "model", "status", "from", "to", "q");
    private static final Pattern STATUS = Pattern.compile("([1-5])([0-9]{2}|xx)");

    private final AuditQueries queries;
    private final Database database;

    public AuditEndpoints(AuditQueries queries, Database database) {
        this.queries = queries;
        this.database = database;
    }

    /** {@code GET /management/audit}: a page, the newest first, without bodies. */
    public void list(Exchange exchange, Downstream downstream) throws GatewayException {
        ListParameters parameters = ListParameters.of(exchange.request().query(), NAMES);
        int limit = parameters.limit();
        String key = parameters.text("key");
        long fromMillis = parameters.timeMillis("from", Long.MIN_VALUE);
        long toMillis = parameters.timeMillis("to", Long.MAX_VALUE);
        int[] statuses = statuses(parameters.text("status"));
        DatabaseTask.answer(database, exchange, downstream, () -> {
            AuditSearch search = new AuditSearch(
                    key.isEmpty() ? null : queries.keys(key),
                    parameters.text("model"),
                    statuses[0],
                    statuses[1],
                    fromMillis,
                    toMillis,
                    parameters.text("q"));
            Page<AuditEntry> page = queries.list(search, limit, parameters.cursor());
            ObjectNode answer = JsonNodeFactory.instance.objectNode();
            ArrayNode data = answer.putArray("data");
            page.rows().forEach(entry -> data.add(AuditJson.of(entry)));
            return LocalResponse.json(
                    200, answer.put("next_cursor", page.nextCursor()).toString());
        });
    }

    /** {@code 429}, or {@code 4xx} for all that begin so. */
    private static int[] statuses(String text) throws GatewayException {
        if (text.isEmpty()) {
            return new int[] {0, Integer.MAX_VALUE};
        }
        Matcher status = STATUS.matcher(text);
        if (!status.matches()) {
            throw ListParameters.refusal("status", text + " (expected: a status as 429, or a class of them as 4xx)");
        }
        int hundreds = Integer.parseInt(status.group(1)) * 100;
        if (status.group(2).equals("xx")) {
            return new int[] {hundreds, hundreds + 99};
        }
        int exactly = Integer.parseInt(text);
        return new int[] {exactly, exactly};
    }

    /** {@code GET /management/audit/{request_id}}: one record with its bodies. */
    public void one(Exchange exchange, Downstream downstream) throws GatewayException {
        String id = ListParameters.decoded(exchange.request().path().substring(PATH.length()));
        DatabaseTask.answer(database, exchange, downstream, () -> {
            AuditEntry entry = queries.find(id)
                    .orElseThrow(() -> new GatewayException(
                            GatewayError.NOT_FOUND,
                            "no record of request '" + id + "': it is older than the retention, or never came"));
            return LocalResponse.json(200, AuditJson.withBodies(entry).toString());
        });
    }
}
