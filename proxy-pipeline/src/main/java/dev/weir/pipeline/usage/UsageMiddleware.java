package dev.weir.pipeline.usage;

import dev.weir.core.Exchange;
import dev.weir.core.Middleware;
import dev.weir.core.TokenUsage;
import dev.weir.core.Verdict;

/** Has every answer's tokens counted and recorded; lets every request on. Thread-safe. */
final class UsageMiddleware implements Middleware {
    private final UsageSettings settings;
    private final UsageRecorder recorder;

    UsageMiddleware(UsageSettings settings, UsageRecorder recorder) {
        this.settings = settings;
        this.recorder = recorder;
    }

    @Override
    public Verdict onRequest(Exchange exchange) {
        TokenUsage usage = new TokenUsage(settings.includeUsage());
        TokenCounter counter = new TokenCounter(exchange, usage);
        exchange.set(TokenUsage.KEY, usage);
        exchange.filterEndpoint(counter);
        exchange.filterResponse(new UsageFilter(exchange, usage, counter, recorder));
        return Verdict.PROCEED;
    }
}
