package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;

/** What a run found, ready to be written. */
record Report(LocalDate date, Machine machine, int rounds, List<Cell> cells, Results results) {
    Map<String, SvgChart> charts() {
        return new Charts(results).all();
    }

    String chartFile(String name) {
        return date + "-" + name + ".svg";
    }

    /** Writes {@code DATE.md}, {@code DATE.json} and the charts, {@code DATE-NAME.svg}. */
    void write(Path directory) throws IOException {
        for (Map.Entry<String, SvgChart> chart : charts().entrySet()) {
            Files.writeString(
                    directory.resolve(chartFile(chart.getKey())),
                    chart.getValue().text());
        }
        Files.writeString(directory.resolve(date + ".md"), new MarkdownReport(this).text());
        Files.writeString(directory.resolve(date + ".json"), new JsonReport(this).text());
    }
}
