package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Limits;
import dev.weir.core.ModelPatterns;
import dev.weir.core.Route.Access;
import dev.weir.pipeline.auth.ApiKey.Issued;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.testing.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The snapshot of the keys, over both databases. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class StoredKeysTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final TestDatabase test;
    private final Database database;
    private final ApiKeys keys;
    private final List<StoredKeys> opened = new ArrayList<>();

    StoredKeysTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
        database = test.open();
        keys = new ApiKeys(database, "sk-weir-", () -> {});
    }

    @AfterEach
    void close() {
        opened.forEach(StoredKeys::close);
        test.close();
    }

    private Path copy() {
        return test.directory().resolve("data/keys.copy");
    }

    private StoredKeys open(Database from, Path copy) {
        StoredKeys stored = new StoredKeys(from, copy);
        stored.settings(Duration.ofMillis(100), Duration.ZERO);
        opened.add(stored);
        return stored;
    }

    private StoredKeys open() {
        return open(database, copy());
    }

    /** A database that never answers. */
    private Database away() throws IOException {
        Path file = Files.createTempFile(test.directory(), "no", ".directory");
        return Database.open(new Database.Settings("sqlite:" + file + "/weir.db", test.directory(), 2, 300, 300));
    }

    private static @Nullable Grant find(StoredKeys stored, String secret) {
        try {
            return stored.find(KeyDigest.ofSent(secret));
        } catch (GatewayException e) {
            return null;
        }
    }

    private static GatewayError refusal(StoredKeys stored, String secret) {
        try {
            Grant grant = stored.find(KeyDigest.ofSent(secret));
            throw new AssertionError("found " + grant);
        } catch (GatewayException e) {
            return e.error();
        }
    }

    private static KeySpec with(Set<KeyScope> scopes, boolean blocked, long expiresAtMillis) {
        return new KeySpec(
                "name",
                "",
                "",
                scopes,
                new ModelPatterns(List.of("llama*")),
                new Limits(5, 6, 7),
                new KeyBudget(8, 9),
                blocked,
                "{}",
                expiresAtMillis);
    }

    @Test
    void aKeyIsKnownWithAllThatItMay() throws Exception {
        Issued issued = keys.create(with(Set.of(KeyScope.CLIENT), false, 0));
        StoredKeys stored = open();

        Grant grant = Objects.requireNonNull(find(stored, issued.secret()));

        assertThat(grant).isSameAs(find(stored, issued.secret()));
        assertThat(grant.identity().id()).isEqualTo(issued.key().id());
        assertThat(grant.identity().name()).isEqualTo("name");
        assertThat(grant.identity().unlimited()).isFalse();
        assertThat(grant.identity().mayManage()).isFalse();
        assertThat(grant.identity().models().allow("llama3")).isTrue();
        assertThat(grant.identity().models().allow("phi3")).isFalse();
        assertThat(grant.identity().limits()).isEqualTo(new Limits(5, 6, 7));
        assertThat(grant.budget()).isEqualTo(new KeyBudget(8, 9));
        assertThat(grant.routes()).containsExactly(Access.CLIENT);
    }

    @Test
    void scopesSayWhichRoutes() throws Exception {
        Issued both = keys.create(with(Set.of(KeyScope.CLIENT, KeyScope.MANAGEMENT), false, 0));
        Issued reader = keys.create(with(Set.of(KeyScope.READ_ONLY), false, 0));
        StoredKeys stored = open();

        assertThat(find(stored, both.secret()))
                .satisfies(
                        grant -> assertThat(grant.routes()).containsExactlyInAnyOrder(Access.CLIENT, Access.MANAGEMENT))
                .satisfies(grant -> assertThat(grant.onlyReads()).isFalse());
        assertThat(find(stored, reader.secret()))
                .satisfies(grant -> assertThat(grant.routes()).containsExactly(Access.MANAGEMENT))
                .satisfies(grant -> assertThat(grant.onlyReads()).isTrue());
    }

    @Test
    void theInstanceThatMadeAKeyKnowsItAtOnce() throws Exception {
        StoredKeys stored = open();
        stored.settings(Duration.ofHours(1), Duration.ZERO);
        ApiKeys own = new ApiKeys(database, "sk-weir-", stored::refresh);

        Issued issued = own.create(KeySpec.named("new"));
        assertThat(find(stored, issued.secret())).isNotNull();

        own.revoke(issued.key().id());
        assertThat(refusal(stored, issued.secret())).isEqualTo(GatewayError.INVALID_API_KEY);
    }

    @Test
    void otherInstancesHearOfEveryChange() throws Exception {
        StoredKeys stored = open(test.open(), test.directory().resolve("other.copy"));
        Issued issued = keys.create(KeySpec.named("new"));
        Await.until(LONG, "known", () -> find(stored, issued.secret()) != null);

        keys.update(issued.key().id(), spec -> with(Set.of(KeyScope.CLIENT), true, 0));
        Await.until(LONG, "blocked", () -> find(stored, issued.secret()) == null);
        assertThat(refusal(stored, issued.secret())).isEqualTo(GatewayError.FORBIDDEN);

        keys.update(issued.key().id(), spec -> with(Set.of(KeyScope.CLIENT), false, 1));
        Await.until(LONG, "expired", () -> refusal(stored, issued.secret()) == GatewayError.INVALID_API_KEY);

        keys.update(issued.key().id(), spec -> with(Set.of(KeyScope.CLIENT), false, 0));
        Await.until(LONG, "good again", () -> find(stored, issued.secret()) != null);

        keys.revoke(issued.key().id());
        Await.until(LONG, "revoked", () -> find(stored, issued.secret()) == null);
        assertThat(refusal(stored, issued.secret())).isEqualTo(GatewayError.INVALID_API_KEY);
    }

    @Test
    void aShorterPollCountsAtOnce() throws Exception {
        StoredKeys stored = open(test.open(), test.directory().resolve("other.copy"));
        stored.settings(Duration.ofHours(1), Duration.ZERO);
        Issued issued = keys.create(KeySpec.named("new"));

        stored.settings(Duration.ofMillis(100), Duration.ZERO);

        Await.until(LONG, "known", () -> find(stored, issued.secret()) != null);
    }

    @Test
    void anOldSecretWorksUntilItsGraceEnds() throws Exception {
        StoredKeys stored = open();
        ApiKeys own = new ApiKeys(database, "sk-weir-", stored::refresh);
        Issued first = own.create(KeySpec.named("rotating"));

        Issued second = own.rotate(first.key().id(), Duration.ofHours(1));
        assertThat(find(stored, first.secret())).isNotNull();
        assertThat(find(stored, second.secret())).isNotNull();

        Issued third = own.rotate(first.key().id(), Duration.ZERO);
        assertThat(find(stored, third.secret())).isNotNull();
        assertThat(refusal(stored, second.secret())).isEqualTo(GatewayError.INVALID_API_KEY);
        assertThat(refusal(stored, first.secret())).isEqualTo(GatewayError.INVALID_API_KEY);
    }

    @Test
    void manyChangesHaveAllKeysReadAgain() throws Exception {
        StoredKeys stored = open();
        Issued kept = keys.create(KeySpec.named("kept"));
        for (int i = 0; i < 30; i++) {
            Issued gone = keys.create(KeySpec.named("gone " + i));
            stored.refresh();
            keys.revoke(gone.key().id());
            stored.refresh();
            assertThat(find(stored, gone.secret())).isNull();
        }
        assertThat(find(stored, kept.secret())).isNotNull();
    }

    @Test
    void whatIsCountedIsGood() throws Exception {
        Issued first = keys.create(KeySpec.named("first"));
        Issued second = keys.create(KeySpec.named("second"));
        keys.create(with(Set.of(KeyScope.CLIENT), false, 1));
        StoredKeys stored = open();
        ApiKeys own = new ApiKeys(database, "sk-weir-", stored::refresh);
        assertThat(stored.size()).isEqualTo(2);

        own.update(first.key().id(), spec -> with(Set.of(KeyScope.CLIENT), true, 0));
        assertThat(stored.size()).as("one changed").isEqualTo(2);

        own.rotate(first.key().id(), Duration.ofHours(1));
        assertThat(stored.size()).as("two secrets for an hour").isEqualTo(3);
        own.rotate(first.key().id(), Duration.ZERO);
        assertThat(stored.size()).as("only the new secret").isEqualTo(2);

        Issued third = own.create(KeySpec.named("third"));
        assertThat(stored.size()).as("one more").isEqualTo(3);
        own.revoke(second.key().id());
        own.revoke(third.key().id());
        assertThat(stored.size()).as("two revoked").isOne();
        assertThat(open(database, test.directory().resolve("another.copy")).size())
                .as("read anew")
                .isOne();

        stored.close();
        opened.remove(stored);
        try (Database away = away()) {
            StoredKeys after = open(away, copy());
            assertThat(after.size()).as("from the copy").isOne();
            after.close();
            opened.remove(after);
        }
    }

    @Test
    void aStartWithoutTheDatabaseKnowsWhatWasKnown() throws Exception {
        Issued issued = keys.create(with(Set.of(KeyScope.CLIENT), false, 0));
        Issued gone = keys.create(KeySpec.named("gone"));
        StoredKeys before = open();
        keys.revoke(gone.key().id());
        before.refresh();
        before.close();
        opened.clear();

        try (Database away = away()) {
            StoredKeys after = open(away, copy());

            assertThat(after.isLoaded()).isTrue();
            assertThat(after.isCurrent()).isFalse();
            assertThat(find(after, issued.secret()))
                    .satisfies(grant -> assertThat(grant.identity().limits()).isEqualTo(new Limits(5, 6, 7)));
            assertThat(refusal(after, "sk-unknown")).isEqualTo(GatewayError.STORE_UNAVAILABLE);
            after.close();
            opened.clear();
        }
    }

    @Test
    void aRevokedKeyThatIsKnownIsRefusedWithoutTheDatabaseToo() throws Exception {
        Issued revoked = keys.create(KeySpec.named("revoked"));
        StoredKeys stored = open();
        keys.revoke(revoked.key().id());
        stored.refresh();
        assertThat(refusal(stored, revoked.secret())).isEqualTo(GatewayError.INVALID_API_KEY);
        stored.close();
        opened.clear();

        try (Database away = away()) {
            StoredKeys after = open(away, copy());
            assertThat(refusal(after, revoked.secret())).isEqualTo(GatewayError.INVALID_API_KEY);
            assertThat(refusal(after, "sk-unknown")).isEqualTo(GatewayError.STORE_UNAVAILABLE);
            after.close();
            opened.clear();
        }
    }

    @Test
    void theCopyHoldsNoSecretAndIsForItsOwnerOnly() throws Exception {
        Issued issued = keys.create(KeySpec.named("named"));
        open().close();
        opened.clear();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy())))
                .isEqualTo("rw-------");
        assertThat(new String(Files.readAllBytes(copy()), StandardCharsets.ISO_8859_1))
                .contains("named")
                .doesNotContain(issued.secret().substring(8));
        try (var files = Files.list(copy().getParent())) {
            assertThat(files.filter(file -> file.toString().endsWith(".new"))).isEmpty();
        }
    }

    @Test
    void aBrokenCopyIsNotBelieved() throws Exception {
        Issued issued = keys.create(KeySpec.named("named"));
        open().close();
        opened.clear();
        byte[] bytes = Files.readAllBytes(copy());
        bytes[bytes.length / 2] ^= 1;
        Files.write(copy(), bytes);

        try (Database away = away()) {
            StoredKeys stored = open(away, copy());
            assertThat(stored.isLoaded()).isFalse();
            assertThat(refusal(stored, issued.secret())).isEqualTo(GatewayError.STORE_UNAVAILABLE);
            stored.close();
            opened.clear();
        }
    }

    @Test
    void whatIsKnownMayGrowTooOld() throws Exception {
        Issued issued = keys.create(KeySpec.named("named"));
        open().close();
        opened.clear();

        try (Database away = away()) {
            StoredKeys stored = open(away, copy());
            stored.settings(Duration.ofMillis(100), Duration.ofMillis(1));

            Await.until("too old", () -> !stored.isLoaded());
            assertThat(refusal(stored, issued.secret())).isEqualTo(GatewayError.STORE_UNAVAILABLE);
            stored.close();
            opened.clear();
        }
    }

    @Test
    void nobodyIsKnownBeforeAnythingIsLoaded() throws Exception {
        try (Database away = away()) {
            StoredKeys stored = open(away, copy());

            assertThatThrownBy(() -> stored.find(KeyDigest.ofSent("sk-any")))
                    .isInstanceOf(GatewayException.class)
                    .hasMessageContaining("cannot be checked yet");
            stored.close();
            opened.clear();
        }
    }
}
