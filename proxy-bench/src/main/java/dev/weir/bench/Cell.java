package dev.weir.bench;

import java.io.IOException;

/** One question that the benchmark answers. Starts all peers at once, and takes turns between them. */
interface Cell {
    /** What {@code --cells} calls it. */
    String name();

    /** What it measures, for the report. */
    String about();

    void measure(CellRun run) throws IOException, VoidCellException;
}
