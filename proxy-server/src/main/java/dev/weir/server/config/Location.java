package dev.weir.server.config;

/** Where a value stands: its file, its line and column (from 1; 0 = the file as a whole), and its path in the tree. */
record Location(String file, int line, int column, String path) {
    static Location startOf(String file) {
        return new Location(file, 1, 1, "");
    }

    /** The place of a child that is not written: its parent's position, its own path. */
    Location key(String key) {
        return new Location(file, line, column, path.isEmpty() ? key : path + "." + key);
    }

    Location item(int index) {
        return new Location(file, line, column, path + "[" + index + "]");
    }

    Location at(int line, int column) {
        return new Location(file, line, column, path);
    }
}
