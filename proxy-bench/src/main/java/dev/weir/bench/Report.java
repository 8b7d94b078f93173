package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;

/** What a run found, ready to be written. */
record Report(LocalDate date, Machine machine, int rounds, List<Cell> cells, Results results) {
    /** Writes {@code DATE.md} and {@code DATE.json}. */
    void write(Path directory) throws IOException {
        Files.writeString(directory.resolve(date + ".md"), new MarkdownReport(this).text());
        Files.writeString(directory.resolve(date + ".json"), new JsonReport(this).text());
    }
}
