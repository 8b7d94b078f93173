package dev.weir.bench;

import java.util.List;

/** All cells, in the order in which they are measured and reported. */
final class Cells {
    private static final List<Cell> ALL = List.of(
            new ChatCell(),
            new RateCell(),
            new StreamCell(),
            new AllocationCell(),
            new MemoryCell(),
            new CacheCell(),
            new BodyCell(),
            new DownloadCell(),
            new RedisCell(),
            new TlsCell(),
            new StartCell(),
            new GrowthCell(GrowthCell.Of.KEYS),
            new GrowthCell(GrowthCell.Of.BACKENDS),
            new GrowthCell(GrowthCell.Of.MODELS),
            new ConnectionCell(),
            new PiecesCell());

    private Cells() {}

    static List<Cell> all() {
        return ALL;
    }

    /**
     * The cells of these names; all, if none is named.
     *
     * @throws IllegalArgumentException if there is none of a name
     */
    static List<Cell> named(List<String> names) {
        List<String> known = ALL.stream().map(Cell::name).toList();
        for (String name : names) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                        "cell: " + name + " (expected: one of " + String.join(", ", known) + ")");
            }
        }
        return ALL.stream()
                .filter(cell -> names.isEmpty() || names.contains(cell.name()))
                .toList();
    }
}
