package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Limits;
import dev.weir.core.ModelPatterns;
import dev.weir.pipeline.auth.ApiKey.Issued;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Keys made, changed and ended, in both databases. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class ApiKeysTest {
    private static final KeySpec RICH = new KeySpec(
            "ci \"robot\" é",
            "ada",
            "tools",
            Set.of(KeyScope.CLIENT, KeyScope.READ_ONLY),
            new ModelPatterns(List.of("llama*", "emb-light")),
            new Limits(60, 100_000, 4),
            new KeyBudget(1_000, 20_000),
            false,
            "{\"ticket\":42}",
            4_000_000_000_000L);

    private final TestDatabase test;
    private final AtomicInteger changes = new AtomicInteger();
    private final ApiKeys keys;

    ApiKeysTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
        keys = new ApiKeys(test.open(), "sk-weir-", changes::incrementAndGet);
    }

    @AfterEach
    void close() {
        test.close();
    }

    private static void assertRefused(GatewayError error, String message, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        GatewayException.class, e -> assertThat(e.error()).isEqualTo(error))
                .hasMessageContaining(message);
    }

    @Test
    void aNewKeyHas256RandomBitsAndIsStoredWithoutThem() throws Exception {
        Issued one = keys.create(RICH);
        Issued other = keys.create(RICH);

        assertThat(one.secret()).matches("sk-weir-[A-Za-z0-9_-]{43}").isNotEqualTo(other.secret());
        assertThat(one.secret()).startsWith(one.key().prefix());
        assertThat(one.key().prefix()).hasSize("sk-weir-".length() + 4);
        assertThat(one.toString()).doesNotContain(one.secret());
        assertThat(one.key().id())
                .matches("key_[0-9a-f]{16}")
                .isNotEqualTo(other.key().id());
        assertThat(keys.get(one.key().id())).isEqualTo(one.key());
        assertThat(one.key().spec()).isEqualTo(RICH);
        assertThat(changes).hasValue(2);
    }

    @Test
    void aChangeLeavesTheRest() throws Exception {
        ApiKey key = keys.create(RICH).key();

        ApiKey changed = keys.update(
                key.id(),
                spec -> new KeySpec(
                        "new",
                        spec.owner(),
                        spec.team(),
                        spec.scopes(),
                        spec.models(),
                        spec.limits(),
                        spec.budget(),
                        true,
                        spec.metadata(),
                        0));

        assertThat(changed.spec().name()).isEqualTo("new");
        assertThat(changed.spec().blocked()).isTrue();
        assertThat(changed.spec().expiresAtMillis()).isZero();
        assertThat(changed.spec().limits()).isEqualTo(RICH.limits());
        assertThat(changed.createdAtMillis()).isEqualTo(key.createdAtMillis());
        assertThat(keys.get(key.id())).isEqualTo(changed);
    }

    @Test
    void aRevokedKeyStaysSoAndIsListedOnlyWhenAskedFor() throws Exception {
        ApiKey kept = keys.create(KeySpec.named("kept")).key();
        ApiKey gone = keys.create(KeySpec.named("gone")).key();

        ApiKey revoked = keys.revoke(gone.id());

        assertThat(revoked.isRevoked()).isTrue();
        assertThat(keys.revoke(gone.id()).revokedAtMillis()).isEqualTo(revoked.revokedAtMillis());
        assertThat(keys.list(false, 10, null)).extracting(ApiKey::id).containsExactly(kept.id());
        assertThat(keys.list(true, 10, null)).extracting(ApiKey::id).contains(gone.id());
        assertRefused(GatewayError.CONFLICT, "is revoked", () -> keys.rotate(gone.id(), Duration.ZERO));
        assertRefused(GatewayError.CONFLICT, "is revoked", () -> keys.update(gone.id(), spec -> spec));
    }

    @Test
    void pagesFollowEachOtherWithoutGapOrOverlap() throws Exception {
        for (int i = 0; i < 7; i++) {
            keys.create(KeySpec.named("key " + i));
        }
        List<ApiKey> all = keys.list(false, 100, null);
        List<ApiKey> first = keys.list(false, 3, null);
        List<ApiKey> second = keys.list(false, 3, first.get(2).id());
        List<ApiKey> third = keys.list(false, 3, second.get(2).id());

        assertThat(all).hasSize(7);
        assertThat(first).isEqualTo(all.subList(0, 3));
        assertThat(second).isEqualTo(all.subList(3, 6));
        assertThat(third).isEqualTo(all.subList(6, 7));
        assertRefused(GatewayError.BAD_REQUEST, "limit: 0", () -> keys.list(false, 0, null));
    }

    @Test
    void rotationGivesAnotherSecretToTheSameKey() throws Exception {
        Issued before = keys.create(RICH);

        Issued after = keys.rotate(before.key().id(), Duration.ofHours(1));

        assertThat(after.secret()).isNotEqualTo(before.secret());
        assertThat(after.key().id()).isEqualTo(before.key().id());
        assertThat(after.key().spec()).isEqualTo(RICH);
        assertThat(after.secret()).startsWith(after.key().prefix());
    }

    @Test
    void existingKeysAreTakenOverOnce() throws Exception {
        ApiKey bySecret = keys.importSecret(KeySpec.named("old"), "llmgw_0123456789abcdef");
        String sha256 = HexFormat.of().formatHex(KeyDigest.ofConfigured("sk-other"));
        ApiKey byDigest = keys.importDigest(KeySpec.named("older"), sha256);

        assertThat(bySecret.prefix()).isEqualTo("llmg");
        assertThat(byDigest.prefix()).isEmpty();
        assertRefused(GatewayError.CONFLICT, bySecret.id(), () -> keys.importSecret(RICH, "llmgw_0123456789abcdef"));
        assertRefused(GatewayError.CONFLICT, byDigest.id(), () -> keys.importSecret(RICH, "sk-other"));
        assertRefused(GatewayError.BAD_REQUEST, "64 hexadecimal", () -> keys.importDigest(RICH, "abc"));
        assertRefused(GatewayError.BAD_REQUEST, "white space", () -> keys.importSecret(RICH, "sk with space"));
    }

    @Test
    void whatIsNotThereIsSaid() {
        assertRefused(GatewayError.NOT_FOUND, "key_1", () -> keys.get("key_1"));
        assertRefused(GatewayError.NOT_FOUND, "key_1", () -> keys.revoke("key_1"));
        assertRefused(GatewayError.NOT_FOUND, "key_1", () -> keys.rotate("key_1", Duration.ZERO));
        assertRefused(GatewayError.NOT_FOUND, "key_1", () -> keys.update("key_1", spec -> spec));
        assertThat(changes).hasValue(0);
    }
}
