package dev.weir.pipeline.auth;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.pipeline.auth.ApiKey.Issued;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The keys in the database: made, changed, ended. Blocks: not for event loops. Every change takes the next version and tells
 * {@code changed}, so that the snapshots of all instances follow.
 */
public final class ApiKeys {
    /** Channel of PostgreSQL on which changes are announced. */
    static final String CHANNEL = "weir_keys";

    private static final int SECRET_BYTES = 32;
    private static final int ID_BYTES = 8;
    private static final int SHOWN_CHARACTERS = 4;
    private static final int MIN_SECRET_TO_SHOW = 16;
    private static final int DIGEST_BYTES = 32;
    private static final int MAX_PAGE = 1_000;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Database database;
    private final String prefix;
    private final Runnable changed;

    /**
     * Keys in {@code database}.
     *
     * @param prefix how new secrets begin
     * @param changed told after every change
     */
    public ApiKeys(Database database, String prefix, Runnable changed) {
        this.database = database;
        this.prefix = prefix;
        this.changed = changed;
    }

    /** What is done with the key's row, in a transaction that holds the version. */
    @FunctionalInterface
    private interface Change<T> {
        T apply(Connection connection, long version) throws SQLException, GatewayException;
    }

    /** Makes a key with a new secret. */
    public Issued create(KeySpec spec) throws GatewayException {
        String secret = newSecret();
        ApiKey key = newKey(spec, secret.substring(0, prefix.length() + SHOWN_CHARACTERS));
        change((connection, version) -> {
            KeyRows.insert(connection, key, version);
            insertSecret(connection, KeyDigest.ofConfigured(secret), key.id());
            return key;
        });
        return new Issued(key, secret);
    }

    /**
     * Takes a key over that clients have already, by its secret.
     *
     * @throws GatewayException CONFLICT if it is known
     */
    public ApiKey importSecret(KeySpec spec, String secret) throws GatewayException {
        if (secret.isEmpty() || secret.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
            throw refused("key: white space, a control character or nothing (expected: visible characters)", "key");
        }
        String shown = secret.length() < MIN_SECRET_TO_SHOW ? "" : secret.substring(0, SHOWN_CHARACTERS);
        return importDigest(spec, KeyDigest.ofConfigured(secret), shown);
    }

    /** Takes a key over by the SHA-256 of its secret, in hexadecimal digits. */
    public ApiKey importDigest(KeySpec spec, String sha256) throws GatewayException {
        byte[] digest;
        try {
            digest = HexFormat.of().parseHex(sha256);
        } catch (IllegalArgumentException e) {
            digest = new byte[0];
        }
        if (digest.length != DIGEST_BYTES) {
            throw refused("sha256: no SHA-256 (expected: 64 hexadecimal digits)", "sha256");
        }
        return importDigest(spec, digest, "");
    }

    private ApiKey importDigest(KeySpec spec, byte[] digest, String shown) throws GatewayException {
        ApiKey key = newKey(spec, shown);
        return change((connection, version) -> {
            String known = keyOf(connection, digest);
            if (known != null) {
                throw new GatewayException(
                        GatewayError.CONFLICT,
                        "this secret is, or was, that of key " + known + ": it is not taken again");
            }
            KeyRows.insert(connection, key, version);
            insertSecret(connection, digest, key.id());
            return key;
        });
    }

    /** The key of that id, a revoked one too. */
    public ApiKey get(String id) throws GatewayException {
        return read(connection -> Optional.ofNullable(KeyRows.find(connection, id)))
                .orElseThrow(() -> unknown(id));
    }

    /**
     * Keys by their time of making, newest first.
     *
     * @param withRevoked revoked ones as well
     * @param after the id of the last key of the page before; null for the first page
     */
    public List<ApiKey> list(boolean withRevoked, int limit, @Nullable String after) throws GatewayException {
        if (limit < 1 || limit > MAX_PAGE) {
            throw refused("limit: " + limit + " (expected: 1 to " + MAX_PAGE + ")", "limit");
        }
        ApiKey last = after == null ? null : get(after);
        return read(connection -> {
            String sql = "SELECT * FROM api_keys WHERE 1 = 1"
                    + (withRevoked ? "" : " AND revoked_at = 0")
                    + (last == null ? "" : " AND (created_at < ? OR (created_at = ? AND id < ?))")
                    + " ORDER BY created_at DESC, id DESC LIMIT ?";
            List<ApiKey> keys = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                int i = 1;
                if (last != null) {
                    statement.setLong(i++, last.createdAtMillis());
                    statement.setLong(i++, last.createdAtMillis());
                    statement.setString(i++, last.id());
                }
                statement.setInt(i, limit);
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        keys.add(KeyRows.key(rows));
                    }
                }
            }
            return keys;
        });
    }

    /** Changes what was decided about a key. */
    public ApiKey update(String id, UnaryOperator<KeySpec> edit) throws GatewayException {
        return change((connection, version) -> {
            KeySpec spec = edit.apply(inForce(connection, id).spec());
            KeyRows.update(connection, id, spec, version);
            return existing(connection, id);
        });
    }

    /** Ends a key for good, at once. One that is revoked already stays so. */
    public ApiKey revoke(String id) throws GatewayException {
        return change((connection, version) -> {
            ApiKey key = existing(connection, id);
            if (!key.isRevoked()) {
                try (PreparedStatement statement =
                        connection.prepareStatement("UPDATE api_keys SET revoked_at = ?, changed = ? WHERE id = ?")) {
                    statement.setLong(1, now());
                    statement.setLong(2, version);
                    statement.setString(3, id);
                    statement.executeUpdate();
                }
            }
            return existing(connection, id);
        });
    }

    /**
     * Gives a key a new secret. The old ones work for {@code grace} longer, unless they end before that.
     *
     * @throws GatewayException CONFLICT if it is revoked
     */
    public Issued rotate(String id, Duration grace) throws GatewayException {
        if (grace.isNegative()) {
            throw refused("grace: " + grace.toSeconds() + "s (expected: >= 0s)", "grace");
        }
        String secret = newSecret();
        String shown = secret.substring(0, prefix.length() + SHOWN_CHARACTERS);
        // 0 would mean without end; an end in the past is the end.
        long end = now() + grace.toMillis();
        ApiKey key = change((connection, version) -> {
            inForce(connection, id);
            try (PreparedStatement statement = connection.prepareStatement(
                    "UPDATE key_secrets SET valid_until = ? WHERE key_id = ? AND (valid_until = 0 OR valid_until > ?)")) {
                statement.setLong(1, end);
                statement.setString(2, id);
                statement.setLong(3, end);
                statement.executeUpdate();
            }
            insertSecret(connection, KeyDigest.ofConfigured(secret), id);
            try (PreparedStatement statement =
                    connection.prepareStatement("UPDATE api_keys SET prefix = ?, changed = ? WHERE id = ?")) {
                statement.setString(1, shown);
                statement.setLong(2, version);
                statement.setString(3, id);
                statement.executeUpdate();
            }
            return existing(connection, id);
        });
        return new Issued(key, secret);
    }

    private static long now() {
        return System.currentTimeMillis();
    }

    private String newSecret() {
        byte[] random = new byte[SECRET_BYTES];
        RANDOM.nextBytes(random);
        return prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    private static ApiKey newKey(KeySpec spec, String shown) {
        byte[] random = new byte[ID_BYTES];
        RANDOM.nextBytes(random);
        return new ApiKey(KeyTable.idText(random), shown, spec, now(), 0, 0);
    }

    private static void insertSecret(Connection connection, byte[] digest, String id) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("INSERT INTO key_secrets (digest, key_id, valid_until) VALUES (?, ?, 0)")) {
            statement.setBytes(1, digest);
            statement.setString(2, id);
            statement.executeUpdate();
        }
    }

    private static @Nullable String keyOf(Connection connection, byte[] digest) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT key_id FROM key_secrets WHERE digest = ?")) {
            statement.setBytes(1, digest);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() ? rows.getString(1) : null;
            }
        }
    }

    private static ApiKey existing(Connection connection, String id) throws SQLException, GatewayException {
        ApiKey key = KeyRows.find(connection, id);
        if (key == null) {
            throw unknown(id);
        }
        return key;
    }

    private static ApiKey inForce(Connection connection, String id) throws SQLException, GatewayException {
        ApiKey key = existing(connection, id);
        if (key.isRevoked()) {
            throw new GatewayException(GatewayError.CONFLICT, "key " + id + " is revoked: make a new one");
        }
        return key;
    }

    private static GatewayException unknown(String id) {
        return new GatewayException(GatewayError.NOT_FOUND, "there is no key " + id);
    }

    private static GatewayException refused(String detail, String field) {
        return new GatewayException(GatewayError.BAD_REQUEST, detail).param(field);
    }

    private <T> T read(Database.Work<T> work) throws GatewayException {
        try {
            return database.read(work);
        } catch (DatabaseAwayException e) {
            throw away(e);
        } catch (SQLException e) {
            throw new GatewayException(GatewayError.INTERNAL, "the database refused: " + e.getMessage(), e);
        }
    }

    private <T> T change(Change<T> change) throws GatewayException {
        try {
            T result = database.write(connection -> {
                try {
                    T done = change.apply(connection, KeyRows.nextVersion(connection));
                    announce(connection);
                    return done;
                } catch (GatewayException e) {
                    throw new Refusal(e);
                }
            });
            changed.run();
            return result;
        } catch (Refusal e) {
            throw e.reason;
        } catch (DatabaseAwayException e) {
            throw away(e);
        } catch (SQLException e) {
            throw new GatewayException(GatewayError.INTERNAL, "the database refused: " + e.getMessage(), e);
        }
    }

    /** Delivered when the transaction commits, and only to those who listen at that moment. */
    private void announce(Connection connection) throws SQLException {
        if (database.kind() == Database.Kind.POSTGRESQL) {
            try (PreparedStatement statement = connection.prepareStatement("SELECT pg_notify(?, '')")) {
                statement.setString(1, CHANNEL);
                statement.execute();
            }
        }
    }

    private static GatewayException away(DatabaseAwayException e) {
        return new GatewayException(
                GatewayError.STORE_UNAVAILABLE, "keys cannot be read or changed now: " + e.getMessage(), e);
    }

    /** Carries a refusal through the transaction, which it ends without a trace. */
    private static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final transient GatewayException reason;

        Refusal(GatewayException reason) {
            super(null, null, false, false);
            this.reason = reason;
        }
    }
}
