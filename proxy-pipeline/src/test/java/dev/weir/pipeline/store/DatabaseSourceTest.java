package dev.weir.pipeline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/** URLs of databases. */
final class DatabaseSourceTest {
    private static DatabaseSource source(String url) {
        return DatabaseSource.of(new Database.Settings(url, Path.of("/state"), 4, 5_000, 5_000));
    }

    private static PGSimpleDataSource postgres(String url) {
        return (PGSimpleDataSource) source(url).writers();
    }

    @ParameterizedTest
    @CsvSource({
        "sqlite:data/weir.db,/state/data/weir.db",
        "sqlite:/var/lib/weir.db,/var/lib/weir.db",
        "postgresql://weir:secret@db/weir,db/weir",
        "postgres://weir:secret@db:6432/weir,db:6432/weir",
        "'postgresql://weir:secret@a:5432,b:5433/weir?sslmode=require','a:5432,b:5433/weir'",
        "postgresql://[::1]:5432/weir,[::1]:5432/weir"
    })
    void itsNameIsItsPlaceWithoutSecrets(String url, String name) {
        assertThat(source(url)).hasToString(name);
    }

    @Test
    void userAndPasswordMayHoldAnything() {
        PGSimpleDataSource source = postgres("postgresql://we%40ir:p%2Fa:s%25+s@w@db/weir");

        assertThat(source.getUser()).isEqualTo("we@ir");
        assertThat(source.getPassword()).isEqualTo("p/a:s%+s@w");
    }

    @Test
    void nothingIsPreparedOnTheServerUnlessAskedFor() {
        assertThat(postgres("postgresql://db/weir").getPrepareThreshold()).isZero();
        assertThat(postgres("postgresql://db/weir?prepareThreshold=5").getPrepareThreshold())
                .isEqualTo(5);
    }

    @Test
    void ofSeveralServersThePrimaryIsWanted() {
        assertThat(postgres("postgresql://a,b/weir").getTargetServerType()).isEqualTo("primary");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mysql://weir:secret@db/weir",
                "sqlite:",
                "sqlite://data/weir.db",
                "postgresql://weir:secret@db",
                "postgresql://weir:secret@/weir",
                "postgresql://weir:secret@db:port/weir",
                "postgresql://weir:secret@db/weir?sslmod=require",
                "postgresql://weir:sec%ret@db/weir"
            })
    void whatMakesNoSenseIsRefusedWithoutTellingSecrets(String url) {
        assertThatThrownBy(() -> source(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("database.url: ")
                .hasMessageContaining("expected: ")
                .message()
                .doesNotContain("secret", "sec%ret");
    }
}
