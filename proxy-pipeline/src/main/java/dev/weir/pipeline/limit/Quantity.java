package dev.weir.pipeline.limit;

/** What is limited. The scripts in Redis know them by their order. */
enum Quantity {
    REQUESTS("requests"),
    TOKENS("tokens"),
    PARALLEL("parallel");

    private static final Quantity[] ALL = values();

    private final String label;

    Quantity(String label) {
        this.label = label;
    }

    static Quantity at(int ordinal) {
        return ALL[ordinal];
    }

    /** For metrics. */
    String label() {
        return label;
    }
}
