package dev.weir.bench;

/** A cell's figures are worth nothing: a request failed, or a server did not do what was to be measured. */
final class VoidCellException extends Exception {
    private static final long serialVersionUID = 1L;

    VoidCellException(String reason) {
        super(reason);
    }
}
