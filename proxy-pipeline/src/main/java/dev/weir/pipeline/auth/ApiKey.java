package dev.weir.pipeline.auth;

/**
 * A key as it is stored. Holds no secret.
 *
 * @param id stable: {@code key_} and 16 hexadecimal digits
 * @param prefix how the secret begins, for people to know it by; empty if that is not known
 * @param createdAtMillis when it was made, in milliseconds since 1970, as the other times
 * @param revokedAtMillis when it was revoked; 0 if it was not
 * @param lastUsedAtMillis when it was used last, to the minute or so; 0 for never
 */
public record ApiKey(
        String id, String prefix, KeySpec spec, long createdAtMillis, long revokedAtMillis, long lastUsedAtMillis) {

    public boolean isRevoked() {
        return revokedAtMillis != 0;
    }

    /**
     * A key with its secret, which is shown once and kept nowhere.
     *
     * @param secret what clients send
     */
    public record Issued(ApiKey key, String secret) {
        /** Without the secret. */
        @Override
        public String toString() {
            return "Issued[" + key.id + "]";
        }
    }
}
