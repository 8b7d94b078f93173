package com.example;

import dev.weir.core.ByteSize;
import dev.weir.core.Default;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.Meters;
import dev.weir.core.Middleware;
import dev.weir.core.MiddlewareFactory;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import dev.weir.core.Services;
import dev.weir.core.Verdict;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * Refuses requests that hold certain words, and says on every other answer that it looked. Build and use: docs/MIDDLEWARE.md.
 */
public final class WordFilter implements MiddlewareFactory<WordFilter.Settings> {
    /**
     * What stands under {@code middleware: {word_filter: …}}.
     *
     * @param words what no request may hold, whatever its case
     * @param header the field that says on an answer that its request was looked at
     * @param upTo larger requests are not looked at
     */
    public record Settings(
            List<String> words,
            @Default("x-word-filter") String header,
            @Default("64KiB") ByteSize upTo) {
        public Settings {
            words = words.stream().map(word -> word.toLowerCase(Locale.ROOT)).toList();
            if (words.isEmpty()) {
                throw new IllegalArgumentException("words: is empty (expected: at least one word)");
            }
        }
    }

    @Override
    public String name() {
        return "word_filter";
    }

    @Override
    public Class<Settings> settings() {
        return Settings.class;
    }

    @Override
    public Middleware create(Settings settings, Services services) {
        Meters.Counter refused =
                services.meters().counter("word_filter_refused", "Requests refused for a word that they hold.");
        return new Filter(settings, refused);
    }

    /** One for all event loops: its fields are final, and nothing of a request stays in it. */
    private record Filter(Settings settings, Meters.Counter refused) implements Middleware {
        /** Only where somebody reads the body anyway: relayed uploads stream on. */
        @Override
        public boolean needsBody(Exchange exchange) {
            return exchange.route().requestReader() != null;
        }

        @Override
        public Verdict onRequest(Exchange exchange) {
            if (!needsBody(exchange) || exchange.body().readableBytes() > settings.upTo().bytes()) {
                return Verdict.PROCEED;
            }
            String text = exchange.body().toString(StandardCharsets.UTF_8).toLowerCase(Locale.ROOT);
            for (String word : settings.words()) {
                if (text.contains(word)) {
                    refused.increment();
                    return Verdict.reject(GatewayError.BAD_REQUEST, "the request holds a word that is not allowed here");
                }
            }
            exchange.filterResponse(new ResponseFilter() {
                @Override
                public void onHead(ResponseHead head, Downstream next) {
                    head.headers().set(settings.header(), "passed");
                    next.writeHead(head);
                }
            });
            return Verdict.PROCEED;
        }
    }
}
