package dev.weir.bench;

import java.util.List;
import java.util.Locale;

/**
 * Horizontal bars in groups, as an SVG that is legible on light and on dark ground.
 *
 * @param title what is shown, with its unit
 */
record SvgChart(String title, List<Group> groups) {
    private static final int WIDTH = 720;
    private static final int LEFT = 190;
    private static final int RIGHT = 170;
    private static final int BAR = 18;
    private static final int STEP = 24;
    private static final int GROUP_HEAD = 34;
    private static final int TOP = 44;

    /**
     * Bars on one scale.
     *
     * @param label empty for none
     */
    record Group(String label, List<Bar> bars) {
        Group {
            bars = List.copyOf(bars);
        }

        double longest() {
            return bars.stream().mapToDouble(Bar::highest).max().orElse(0);
        }
    }

    /**
     * A median, and how far single rounds lay from it.
     *
     * @param own whether it is Weir's
     */
    record Bar(String label, double median, double lowest, double highest, boolean own) {
        static Bar of(String label, Figure figure) {
            return new Bar(
                    label,
                    figure.median(),
                    figure.lowest(),
                    figure.highest(),
                    figure.peer().startsWith(Peer.WEIR));
        }
    }

    SvgChart {
        groups = List.copyOf(groups);
    }

    String text() {
        StringBuilder svg = new StringBuilder(4_000);
        int height = TOP + groups.stream().mapToInt(SvgChart::height).sum() + 8;
        svg.append("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">
                <style>
                text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
                .title { font-size: 15px; font-weight: 600 }
                .group { font-weight: 600 }
                .other { fill: #8c959f }
                .own { fill: #1a7fc1 }
                .spread { stroke: #1f2328; stroke-width: 1.5 }
                @media (prefers-color-scheme: dark) {
                  text { fill: #e6edf3 }
                  .other { fill: #6e7681 }
                  .own { fill: #3fa3e8 }
                  .spread { stroke: #e6edf3 }
                }
                </style>
                """.formatted(WIDTH, height, WIDTH, height, escaped(title)));
        text(svg, 8, 24, "title", "start", title);
        int y = TOP;
        for (Group group : groups) {
            draw(svg, group, y);
            y += height(group);
        }
        return svg.append("</svg>\n").toString();
    }

    private static int height(Group group) {
        return (group.label().isEmpty() ? 0 : GROUP_HEAD) + group.bars().size() * STEP + 6;
    }

    private static void draw(StringBuilder svg, Group group, int top) {
        int y = top;
        if (!group.label().isEmpty()) {
            text(svg, 8, y + 20, "group", "start", group.label());
            y += GROUP_HEAD;
        }
        double scale = (WIDTH - LEFT - RIGHT) / Math.max(group.longest(), 1e-9);
        for (Bar bar : group.bars()) {
            double length = Math.max(1, bar.median() * scale);
            int middle = y + BAR / 2;
            text(svg, LEFT - 8, middle + 4, bar.own() ? "group" : "", "end", bar.label());
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>%n",
                    bar.own() ? "own" : "other",
                    LEFT,
                    y,
                    length,
                    BAR));
            double from = LEFT + Math.max(0, bar.lowest() * scale);
            double to = LEFT + Math.max(0, bar.highest() * scale);
            if (to - from > 1) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<line class=\"spread\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>%n",
                        from,
                        middle,
                        to,
                        middle));
            }
            text(
                    svg,
                    (int) Math.max(LEFT + length, to) + 8,
                    middle + 4,
                    "",
                    "start",
                    MarkdownReport.number(bar.median()));
            y += STEP;
        }
    }

    private static void text(StringBuilder svg, int x, int y, String style, String anchor, String text) {
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%d\"%s text-anchor=\"%s\">%s</text>%n",
                x,
                y,
                style.isEmpty() ? "" : " class=\"" + style + "\"",
                anchor,
                escaped(text)));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
