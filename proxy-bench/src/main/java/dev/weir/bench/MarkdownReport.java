package dev.weir.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;

/** A run's figures as a page for readers. */
final class MarkdownReport {
    private final Report report;
    private final StringBuilder page = new StringBuilder();

    MarkdownReport(Report report) {
        this.report = report;
    }

    String text() {
        page.append("# ").append(report.date()).append(": what Weir costs beside other proxies\n\n");
        page.append("`./weir-bench --rounds ").append(report.rounds()).append("`. Proxies on core ");
        page.append(Setting.PROXY_CORE).append(", backends and load on core ").append(Setting.LOAD_CORE);
        page.append(". Within a cell, all peers run at once and take turns; a figure is the median of ");
        page.append(report.rounds()).append(" rounds (lowest–highest). A cell with a failed request is void.\n\n");
        page.append("| | |\n|---|---|\n");
        report.machine().facts().forEach((name, value) -> row(List.of(name, value)));
        page.append('\n');
        goals();
        report.charts()
                .forEach((name, chart) -> page.append("![")
                        .append(chart.title())
                        .append("](")
                        .append(report.chartFile(name))
                        .append(")\n\n"));
        report.cells().forEach(this::cell);
        return page.toString();
    }

    private void goals() {
        page.append("## Goals\n\nA ratio or difference is that of each round; its median stands here.\n\n");
        row(List.of("", "must", "aim", "measured", ""));
        page.append("|---|---|---|---|---|\n");
        for (Goal goal : Goals.ALL) {
            OptionalDouble measured = goal.figure(report.results());
            row(List.of(
                    goal.what(),
                    bound(goal, goal.must()),
                    bound(goal, goal.aim()),
                    measured.isPresent() ? number(measured.getAsDouble()) : "",
                    goal.standing(report.results()).words()));
        }
        page.append('\n');
    }

    private static String bound(Goal goal, double value) {
        return (goal.lowerIsBetter() ? "≤ " : "≥ ") + number(value);
    }

    private void cell(Cell cell) {
        page.append("## ")
                .append(cell.name())
                .append("\n\n")
                .append(cell.about())
                .append("\n\n");
        Optional<String> reason = report.results().voidReason(cell.name());
        if (reason.isPresent()) {
            page.append("Void: ").append(reason.get()).append("\n\n");
        } else {
            table(report.results().figures(cell.name()));
        }
        report.results().notes(cell.name()).forEach(note -> page.append(note).append("\n\n"));
    }

    /** Peers stand beside each other; of one alone, its quantities do. */
    private void table(List<Figure> figures) {
        if (figures.isEmpty()) {
            return;
        }
        long peers = figures.stream().map(Figure::peer).distinct().count();
        long points = figures.stream().map(Figure::point).distinct().count();
        if (peers == 1 && points > 1) {
            table(figures.get(0).peer(), figures, Figure::point, Figure::quantity);
        } else {
            table("", figures, MarkdownReport::title, Figure::peer);
        }
    }

    private static String title(Figure figure) {
        return figure.point().isEmpty() ? figure.quantity() : figure.point() + ": " + figure.quantity();
    }

    private void table(
            String corner, List<Figure> figures, Function<Figure, String> row, Function<Figure, String> column) {
        Map<String, Map<String, String>> rows = new LinkedHashMap<>();
        Set<String> columns = new LinkedHashSet<>();
        for (Figure figure : figures) {
            columns.add(column.apply(figure));
            rows.computeIfAbsent(row.apply(figure), name -> new HashMap<>()).put(column.apply(figure), value(figure));
        }
        List<String> head = new ArrayList<>(List.of(corner));
        head.addAll(columns);
        row(head);
        page.append("|---".repeat(head.size())).append("|\n");
        rows.forEach((name, values) -> {
            List<String> line = new ArrayList<>(List.of(name));
            columns.forEach(each -> line.add(values.getOrDefault(each, "")));
            row(line);
        });
        page.append('\n');
    }

    private void row(List<String> columns) {
        page.append("| ").append(String.join(" | ", columns)).append(" |\n");
    }

    static String value(Figure figure) {
        String median = number(figure.median());
        return figure.values().size() == 1
                ? median
                : median + " (" + number(figure.lowest()) + "–" + number(figure.highest()) + ")";
    }

    /** Three digits that tell, and no more behind the point than that needs. */
    static String number(double value) {
        double size = Math.abs(value);
        String format = size >= 100 || size == 0 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }
}
