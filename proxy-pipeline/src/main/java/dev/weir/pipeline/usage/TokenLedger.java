package dev.weir.pipeline.usage;

/** Is told what keys with a budget spend, when their answers end. On the event loops: must be quick. */
@FunctionalInterface
interface TokenLedger {
    /**
     * A key used tokens.
     *
     * @param keyId the {@link dev.weir.core.Identity#id} of who asked
     */
    void spent(String keyId, long tokens);
}
