package dev.weir.server.sim;

import org.jspecify.annotations.Nullable;

/** A request the simulated server refuses; {@link ErrorStyle} writes it in the words of the API asked. *Any thread.* */
final class SimError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final @Nullable String param;
    private final @Nullable String code;

    SimError(int status, String message) {
        this(status, message, null, null);
    }

    /**
     * @param param the field at fault, where the API tells it
     * @param code the machine-readable reason, where the API tells it
     */
    SimError(int status, String message, @Nullable String param, @Nullable String code) {
        super(message, null, false, false);
        this.status = status;
        this.param = param;
        this.code = code;
    }

    static SimError modelNotFound(SimKind kind, String model) {
        String message = kind == SimKind.OLLAMA
                ? "model \"" + model + "\" not found, try pulling it first"
                : "The model `" + model + "` does not exist or you do not have access to it.";
        return new SimError(404, message, null, "model_not_found");
    }

    static SimError missing(String field) {
        return new SimError(400, field + " is required", field, null);
    }

    int status() {
        return status;
    }

    String text() {
        String message = getMessage();
        return message == null ? "" : message;
    }

    @Nullable
    String param() {
        return param;
    }

    @Nullable
    String code() {
        return code;
    }
}
