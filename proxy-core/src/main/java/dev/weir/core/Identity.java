package dev.weir.core;

/**
 * Who sends a request, as the auth middleware found out.
 *
 * @param id stable and free of secrets: {@code master}, {@code management}, {@code anonymous} or a key's id
 * @param name what people call it: a key's name, else its id
 * @param unlimited whether limits do not apply (the master key)
 * @param mayManage whether it may use management, and be told what only operators should know
 * @param models which models it may use
 * @param limits limits of its own, which replace the general ones where they are set
 */
public record Identity(
        String id, String name, boolean unlimited, boolean mayManage, ModelPatterns models, Limits limits) {
    public static final Key<Identity> KEY = Key.of("identity");

    /** An identity that may use all models, without limits of its own. */
    public Identity(String id, boolean unlimited, boolean mayManage) {
        this(id, id, unlimited, mayManage, ModelPatterns.ALL, Limits.NONE);
    }

    /** The models that the sender of {@code exchange} may use: all when nobody asked who it is. */
    public static ModelPatterns modelsOf(Exchange exchange) {
        Identity identity = exchange.get(KEY);
        return identity == null ? ModelPatterns.ALL : identity.models;
    }

    /**
     * Refuses a request for a model that the sender of {@code exchange} may not use.
     *
     * @throws GatewayException if it may not
     */
    public static void requireModel(Exchange exchange, String model) throws GatewayException {
        Identity identity = exchange.get(KEY);
        if (identity != null && !identity.models.allow(model)) {
            throw new GatewayException(
                            GatewayError.MODEL_NOT_ALLOWED,
                            "this key may not use model '" + model + "': GET /v1/models lists those it may")
                    .param("model");
        }
    }
}
