package dev.weir.pipeline.cache;

import static dev.weir.pipeline.cache.CacheServer.CHAT;
import static dev.weir.pipeline.cache.CacheServer.EMBEDDINGS;
import static dev.weir.pipeline.cache.CacheServer.VECTORS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two instances with one store behind their memories. */
final class SharedStoreWireTest {
    private static final String ASK = "{'model': 'm', 'input': 'a weir'}";
    private static final String CHAT_REQUEST = "{'model': 'm', 'seed': 1, 'messages': [{}]}";
    private static final String ANSWER =
            "{'id': 'x', 'choices': [{'message': {'content': 'hi'}, 'finish_reason': 'stop'}]}";

    private final FakeRedis redis = new FakeRedis();
    private final SharedStore firstStore = new SharedStore(redis);
    private final SharedStore secondStore = new SharedStore(redis);
    private final CacheServer first = server(firstStore);
    private final CacheServer second = server(secondStore);

    private static CacheServer server(SharedStore store) {
        ResponseCache cache = CacheSetup.cache(store, Flights.Patience.DEFAULT);
        store.onCleared(cache::forget);
        return new CacheServer(CacheSetup.settings(), cache, store);
    }

    @BeforeEach
    void poll() {
        firstStore.poll();
        secondStore.poll();
    }

    @AfterEach
    void stop() {
        first.close();
        second.close();
    }

    private String onlyKey() {
        return redis.values.keySet().iterator().next();
    }

    @Test
    void whatOneInstanceLearnedTheOtherKnows() {
        first.miss(EMBEDDINGS, ASK, VECTORS);

        assertThat(second.hit(EMBEDDINGS, ASK).text()).isEqualTo(VECTORS);
        assertThat(second.embeddings().hits()).isEqualTo(1);
        assertThat(second.embeddings().entries()).isEqualTo(1);
        redis.up = false;
        assertThat(second.hit(EMBEDDINGS, ASK).header("x-weir-cache")).isEqualTo("hit");
        assertThat(onlyKey()).startsWith("e:0:").hasSize("e:0:".length() + 64);
    }

    @Test
    void anAnswerOfTheStoreIsToldAsAStream() {
        first.miss(CHAT, CHAT_REQUEST, ANSWER);
        String streamed = CHAT_REQUEST.replace("[{}]", "[{}], 'stream': true");

        assertThat(second.hit(CHAT, streamed).text())
                .contains("\"content\":\"hi\"")
                .endsWith("data: [DONE]\n\n");
        assertThat(second.responses().hits()).isEqualTo(1);
    }

    @Test
    void aStoreThatIsAwayIsAMiss() {
        redis.up = false;
        assertThat(first.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");
        assertThat(first.hit(EMBEDDINGS, ASK).header("x-weir-cache")).isEqualTo("hit");
        assertThat(second.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");
        assertThat(redis.values).isEmpty();
    }

    @Test
    void damagedAndForeignValuesAreMisses() {
        first.miss(EMBEDDINGS, ASK, VECTORS);
        redis.values.computeIfPresent(onlyKey(), (key, value) -> {
            value[20] ^= 1;
            return value;
        });
        assertThat(second.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");

        second.cache().forget();
        redis.values.put(onlyKey(), new byte[] {1, 2, 3});
        assertThat(second.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");
    }

    @Test
    void clearingOneInstanceClearsAll() {
        first.miss(EMBEDDINGS, ASK, VECTORS);
        second.hit(EMBEDDINGS, ASK);
        redis.values.put("e:of another program", new byte[1]);
        first.cache().clear();
        secondStore.poll();

        assertThat(redis.values).containsOnlyKeys(SharedStore.GENERATION_KEY, "e:of another program");
        assertThat(second.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");
        assertThat(first.hit(EMBEDDINGS, ASK).header("x-weir-cache")).isEqualTo("hit");
    }

    @Test
    void clearingIsMadeUpForWhenTheStoreIsBack() {
        first.miss(EMBEDDINGS, ASK, VECTORS);
        second.hit(EMBEDDINGS, ASK);
        redis.up = false;
        first.cache().clear();
        secondStore.poll();
        redis.up = true;
        firstStore.poll();
        secondStore.poll();

        assertThat(second.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");
    }

    @Test
    void anAnswerThatWasAskedForBeforeTheClearingIsNotShared() {
        try (RawClient client = first.ask(EMBEDDINGS, ASK)) {
            Call call = first.call();
            second.cache().clear();
            firstStore.poll();
            call.answer(VECTORS);
            client.readResponse();
        }
        assertThat(redis.values).containsOnlyKeys(SharedStore.GENERATION_KEY);
        assertThat(second.miss(EMBEDDINGS, ASK, VECTORS).header("x-weir-cache")).isEqualTo("miss");
    }
}
