package dev.weir.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** All figures of a run, with every round's value, for programs. */
final class JsonReport {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Report report;

    JsonReport(Report report) {
        this.report = report;
    }

    String text() throws JsonProcessingException {
        ObjectNode root = JSON.createObjectNode();
        root.put("date", report.date().toString());
        root.put("rounds", report.rounds());
        ObjectNode machine = root.putObject("machine");
        report.machine().facts().forEach(machine::put);
        ArrayNode figures = root.putArray("figures");
        for (Figure figure : report.results().figures()) {
            ObjectNode json = figures.addObject();
            json.put("cell", figure.cell());
            json.put("point", figure.point());
            json.put("quantity", figure.quantity());
            json.put("peer", figure.peer());
            json.put("median", figure.median());
            ArrayNode values = json.putArray("values");
            figure.values().forEach(values::add);
        }
        ObjectNode voided = root.putObject("void");
        for (Cell cell : report.cells()) {
            report.results().voidReason(cell.name()).ifPresent(reason -> voided.put(cell.name(), reason));
        }
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }
}
