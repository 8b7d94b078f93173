package dev.weir.server.backup;

/** What a backup is of. Each has a directory of its own, and counts of its own for how many are kept. */
public enum Part {
    /** Keys, usage, audit, model registry. */
    DATABASE,
    /** The configuration's files. */
    CONFIG,
    /** Both, of one moment: to go back to. */
    CHECKPOINT;

    boolean hasDatabase() {
        return this != CONFIG;
    }

    boolean hasConfiguration() {
        return this != DATABASE;
    }
}
