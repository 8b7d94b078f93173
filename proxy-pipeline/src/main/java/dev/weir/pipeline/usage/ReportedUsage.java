package dev.weir.pipeline.usage;

/**
 * What a backend says of an answer's tokens, put together from one report or several: Anthropic tells the prompt at the
 * beginning of a stream and the rest at its end. Confined to one event loop.
 */
final class ReportedUsage {
    private static final long UNSAID = -1;

    private long prompt = UNSAID;
    private long completion = UNSAID;
    private long total = UNSAID;
    private long cached = UNSAID;

    /** Anthropic's: what the prompt has besides {@code input_tokens}. */
    private long cacheWritten;

    private long cacheRead;

    void prompt(long tokens) {
        prompt = tokens;
    }

    void completion(long tokens) {
        completion = tokens;
    }

    /** Those of the prompt and the answer together. */
    void total(long tokens) {
        total = tokens;
    }

    /** Those of the prompt that the backend had in a cache. */
    void cached(long tokens) {
        cached = tokens;
    }

    void cacheWritten(long tokens) {
        cacheWritten = tokens;
    }

    void cacheRead(long tokens) {
        cacheRead = tokens;
    }

    /** Ollama's report stands at the end: what was taken for one before was something else. */
    void forgetCounts() {
        prompt = UNSAID;
        completion = UNSAID;
    }

    /** As if nothing had been said. */
    void forget() {
        prompt = UNSAID;
        completion = UNSAID;
        total = UNSAID;
        cached = UNSAID;
        cacheWritten = 0;
        cacheRead = 0;
    }

    /** Adds a later report to this one. One that says nothing but zeros, as some put into every chunk, says nothing. */
    void add(ReportedUsage next) {
        if (next.prompt > 0 || next.completion > 0 || next.total > 0 || next.cacheWritten + next.cacheRead > 0) {
            take(next);
        }
    }

    private void take(ReportedUsage next) {
        prompt = next.prompt == UNSAID ? prompt : next.prompt;
        completion = next.completion == UNSAID ? completion : next.completion;
        total = next.total == UNSAID ? total : next.total;
        cached = next.cached == UNSAID ? cached : next.cached;
        cacheWritten = Math.max(cacheWritten, next.cacheWritten);
        cacheRead = Math.max(cacheRead, next.cacheRead);
    }

    /** Whether anything was said. */
    boolean isSaid() {
        return prompt != UNSAID || completion != UNSAID || total != UNSAID;
    }

    boolean saysPrompt() {
        return prompt != UNSAID || total != UNSAID;
    }

    /** Tokens of the prompt, those in caches too; 0 if nothing was said. */
    long promptTokens() {
        if (prompt == UNSAID && total != UNSAID) {
            return Math.max(0, total - completionTokens());
        }
        return Math.max(0, prompt) + cacheWritten + cacheRead;
    }

    long completionTokens() {
        return Math.max(0, completion);
    }

    /** Those of the prompt's tokens that the backend had in a cache. */
    long cachedTokens() {
        return Math.max(0, cached) + cacheRead;
    }
}
