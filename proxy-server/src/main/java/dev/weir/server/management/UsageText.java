package dev.weir.server.management;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.pipeline.usage.UsageLine;
import dev.weir.pipeline.usage.UsageQuery;
import dev.weir.pipeline.usage.UsageQuery.Group;
import dev.weir.pipeline.usage.UsageReports;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Set;

/** Reports of usage as JSON, and as CSV (RFC 4180) that no spreadsheet takes for formulas. */
final class UsageText {
    private static final int COST_DIGITS = 9;

    private UsageText() {}

    static ObjectNode json(List<UsageLine> lines, UsageQuery query) {
        ObjectNode report = JsonNodeFactory.instance.objectNode();
        report.put("from", query.from().toString()).put("to", query.to().toString());
        ArrayNode data = report.putArray("data");
        lines.stream().limit(UsageReports.MAX_LINES).forEach(line -> add(data.addObject(), line, query.groupBy()));
        if (lines.size() > UsageReports.MAX_LINES) {
            report.put("truncated", true);
        }
        return report;
    }

    private static void add(ObjectNode json, UsageLine line, Set<Group> groups) {
        if (groups.contains(Group.DAY)) {
            json.put("day", line.day());
        }
        if (groups.contains(Group.KEY)) {
            json.put("key", line.key()).put("key_name", line.keyName());
        }
        if (groups.contains(Group.MODEL)) {
            json.put("model", line.model());
        }
        if (groups.contains(Group.BACKEND)) {
            json.put("backend", line.backend());
        }
        json.put("requests", line.requests())
                .put("prompt_tokens", line.promptTokens())
                .put("completion_tokens", line.completionTokens())
                .put("total_tokens", line.totalTokens())
                .put("cached_tokens", line.cachedTokens())
                .put("estimated", line.estimated())
                .put("errors", line.errors())
                .put("aborted", line.aborted())
                .put("cache_hits", line.cacheHits())
                .put("cost", cost(line));
    }

    /** Without the noise of binary fractions. */
    private static BigDecimal cost(UsageLine line) {
        BigDecimal cost = BigDecimal.valueOf(line.cost())
                .setScale(COST_DIGITS, RoundingMode.HALF_UP)
                .stripTrailingZeros();
        return cost.scale() < 0 ? cost.setScale(0) : cost;
    }

    static String csv(List<UsageLine> lines, UsageQuery query) {
        Set<Group> groups = query.groupBy();
        StringBuilder csv = new StringBuilder();
        csv.append(groups.contains(Group.DAY) ? "day," : "")
                .append(groups.contains(Group.KEY) ? "key,key_name," : "")
                .append(groups.contains(Group.MODEL) ? "model," : "")
                .append(groups.contains(Group.BACKEND) ? "backend," : "")
                .append("requests,prompt_tokens,completion_tokens,total_tokens,cached_tokens,estimated,errors,aborted,"
                        + "cache_hits,cost\r\n");
        lines.stream().limit(UsageReports.MAX_LINES).forEach(line -> {
            append(csv, line, groups);
            csv.append(line.requests()).append(',');
            csv.append(line.promptTokens()).append(',');
            csv.append(line.completionTokens()).append(',');
            csv.append(line.totalTokens()).append(',');
            csv.append(line.cachedTokens()).append(',');
            csv.append(line.estimated()).append(',');
            csv.append(line.errors()).append(',');
            csv.append(line.aborted()).append(',');
            csv.append(line.cacheHits()).append(',');
            csv.append(cost(line).toPlainString()).append("\r\n");
        });
        return csv.toString();
    }

    private static void append(StringBuilder csv, UsageLine line, Set<Group> groups) {
        if (groups.contains(Group.DAY)) {
            csv.append(field(line.day())).append(',');
        }
        if (groups.contains(Group.KEY)) {
            csv.append(field(line.key())).append(',');
            csv.append(field(line.keyName())).append(',');
        }
        if (groups.contains(Group.MODEL)) {
            csv.append(field(line.model())).append(',');
        }
        if (groups.contains(Group.BACKEND)) {
            csv.append(field(line.backend())).append(',');
        }
    }

    /** A field; what a spreadsheet would run as a formula gets an apostrophe before it. */
    static String field(String text) {
        String safe = !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
        boolean quoted = safe.chars().anyMatch(c -> c == '"' || c == ',' || c == '\r' || c == '\n');
        return quoted ? '"' + safe.replace("\"", "\"\"") + '"' : safe;
    }
}
