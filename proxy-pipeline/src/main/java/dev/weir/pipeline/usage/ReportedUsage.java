package dev.weir.pipeline.usage;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/**
 * What a backend says of an answer's tokens, put together from one report or several: Anthropic tells the prompt at the
 * beginning of a stream and the rest at its end. Confined to one event loop.
 */
final class ReportedUsage {
    private static final JsonFactory JSON = new JsonFactory();
    private static final long UNSAID = -1;

    private long prompt = UNSAID;
    private long completion = UNSAID;
    private long total = UNSAID;
    private long cached = UNSAID;

    /** Anthropic's: what the prompt has besides {@code input_tokens}. */
    private long cacheWritten;

    private long cacheRead;

    /** What Ollama says of the prompt. */
    void prompt(long tokens) {
        prompt = tokens;
    }

    /** What Ollama says of the answer. */
    void completion(long tokens) {
        completion = tokens;
    }

    /** Ollama's report stands at the end: what was taken for one before was something else. */
    void forgetCounts() {
        prompt = UNSAID;
        completion = UNSAID;
    }

    /** An object called {@code usage}. One that says nothing but zeros, as some put into every chunk, says nothing. */
    void read(byte[] json, int length) {
        ReportedUsage next = new ReportedUsage();
        try (JsonParser parser = JSON.createParser(json, 0, length)) {
            parser.nextToken();
            next.readObject(parser, 0);
        } catch (IOException broken) {
            return;
        }
        if (next.prompt > 0 || next.completion > 0 || next.total > 0 || next.cacheWritten + next.cacheRead > 0) {
            take(next);
        }
    }

    private void readObject(JsonParser parser, int depth) throws IOException {
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            JsonToken token = parser.nextToken();
            if (token == JsonToken.VALUE_NUMBER_INT) {
                field(name, depth, Math.max(0, parser.getLongValue()));
            } else if (token == JsonToken.START_OBJECT && depth == 0 && isPromptDetails(name)) {
                readObject(parser, depth + 1);
            } else {
                parser.skipChildren();
            }
        }
    }

    private static boolean isPromptDetails(String name) {
        return name.equals("prompt_tokens_details") || name.equals("input_tokens_details");
    }

    private void field(String name, int depth, long tokens) {
        if (depth > 0) {
            if (name.equals("cached_tokens")) {
                cached = tokens;
            }
            return;
        }
        switch (name) {
            case "prompt_tokens", "input_tokens" -> prompt = tokens;
            case "completion_tokens", "output_tokens" -> completion = tokens;
            case "total_tokens" -> total = tokens;
            case "cache_creation_input_tokens" -> cacheWritten = tokens;
            case "cache_read_input_tokens" -> cacheRead = tokens;
            default -> {}
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
