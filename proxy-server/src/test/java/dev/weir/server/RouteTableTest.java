package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Dialect;
import dev.weir.core.Endpoint;
import dev.weir.core.Headers;
import dev.weir.core.LocalResponse;
import dev.weir.core.RequestHead;
import dev.weir.core.Route;
import java.util.List;
import org.junit.jupiter.api.Test;

class RouteTableTest {
    private static Route route(String name) {
        return new Route(
                name,
                Route.Access.CLIENT,
                Dialect.OPENAI,
                List.of(),
                Endpoint.answering(exchange -> LocalResponse.empty(204)),
                null,
                0);
    }

    private static String found(RouteTable table, String method, String target) {
        return table.route(new RequestHead(method, target, false, "h", new Headers()))
                .name();
    }

    private static final RouteTable TABLE = new RouteTable.Builder()
            .any("/own", route("own"))
            .any("/own/*", route("all below own"))
            .post("/v1/chat", route("chat"))
            .get("/v1/models", route("models"))
            .get("/v1/models/*", route("one model"))
            .post("/v1/*", route("other posts"))
            .any("/v1/*", route("no model"))
            .get("/own/hidden", route("hidden"))
            .build(route("none"));

    @Test
    void anExactPathIsFoundWithAndWithoutQuery() {
        assertThat(found(TABLE, "POST", "/v1/chat")).isEqualTo("chat");
        assertThat(found(TABLE, "POST", "/v1/chat?a=/v1/models")).isEqualTo("chat");
    }

    @Test
    void aPatternIsFoundByHowThePathBegins() {
        assertThat(found(TABLE, "GET", "/v1/models/team/m:1")).isEqualTo("one model");
        assertThat(found(TABLE, "GET", "/v1/models/")).isEqualTo("one model");
        assertThat(found(TABLE, "POST", "/v1/rerank")).isEqualTo("other posts");
    }

    @Test
    void theFirstMatchWins() {
        assertThat(found(TABLE, "GET", "/own/hidden")).isEqualTo("all below own");
        assertThat(found(TABLE, "POST", "/own")).isEqualTo("own");
    }

    @Test
    void headIsFoundWhereGetIs() {
        assertThat(found(TABLE, "HEAD", "/v1/models")).isEqualTo("models");
    }

    @Test
    void methodsCompareWithCase() {
        assertThat(TABLE.route(new RequestHead("post", "/v1/chat", false, "h", new Headers()))
                        .endpoint())
                .isNotSameAs(TABLE.route(new RequestHead("POST", "/v1/chat", false, "h", new Headers()))
                        .endpoint());
    }

    @Test
    void aPathThatIsServedForOtherMethodsIsNotForThePatternsBehindIt() {
        Route refused = TABLE.route(new RequestHead("POST", "/v1/models", false, "h", new Headers()));

        assertThat(refused.name()).isEqualTo("models");
        assertThat(refused.access()).isEqualTo(Route.Access.CLIENT);
        assertThat(refused.requestReader()).isNull();
    }

    @Test
    void whatIsAskedOfAPathByOptionsIsForEverybody() {
        assertThat(TABLE.route(new RequestHead("OPTIONS", "/v1/chat", false, "h", new Headers()))
                        .access())
                .isEqualTo(Route.Access.OPEN);
    }

    @Test
    void whatNothingMatchesFallsBack() {
        assertThat(found(TABLE, "GET", "/")).isEqualTo("none");
        assertThat(found(TABLE, "GET", "/ownership")).isEqualTo("none");
        assertThat(found(TABLE, "OPTIONS", "*")).isEqualTo("none");
    }

    @Test
    void encodedSpellingsAreOtherPaths() {
        assertThat(found(TABLE, "GET", "/%6fwn")).isEqualTo("none");
    }
}
