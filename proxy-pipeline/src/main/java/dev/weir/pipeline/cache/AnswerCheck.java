package dev.weir.pipeline.cache;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** Whether the body of an answer is whole, and one that would be given again. Goes through it once, and keeps nothing of it. */
final class AnswerCheck {
    private static final JsonFactory JSON = new JsonFactory();

    private final CacheableCall call;
    private final boolean seeded;
    private final JsonParser answer;

    private AnswerCheck(CacheableCall call, boolean seeded, JsonParser answer) {
        this.call = call;
        this.seeded = seeded;
        this.answer = answer;
    }

    /** @param seeded whether the request had a seed, without which a call of a tool may be another one next time */
    static boolean isWhole(CacheableCall call, byte[] body, boolean seeded) {
        try (JsonParser answer = JSON.createParser(body)) {
            return new AnswerCheck(call, seeded, answer).isWhole();
        } catch (IOException notJson) {
            return false;
        }
    }

    /** Where the answer stands in a body. */
    private String list() {
        return switch (call) {
            case CHAT, COMPLETIONS -> "choices";
            case EMBEDDINGS -> "data";
            case OLLAMA_EMBED -> "embeddings";
            case OLLAMA_EMBEDDINGS -> "embedding";
        };
    }

    /** Whether it is an object with a list that has something in it, all of which is good, and no error. */
    private boolean isWhole() throws IOException {
        if (answer.nextToken() != JsonToken.START_OBJECT) {
            return false;
        }
        boolean good = false;
        for (String field = answer.nextFieldName(); field != null; field = answer.nextFieldName()) {
            JsonToken value = answer.nextToken();
            if (field.equals(list())) {
                good = value == JsonToken.START_ARRAY && areGood();
                if (!good) {
                    return false;
                }
            } else if (field.equals("error") && value != JsonToken.VALUE_NULL) {
                return false;
            } else {
                answer.skipChildren();
            }
        }
        return good && answer.currentToken() == JsonToken.END_OBJECT && answer.nextToken() == null;
    }

    private boolean areGood() throws IOException {
        boolean any = false;
        while (answer.nextToken() != JsonToken.END_ARRAY) {
            if (call.kind() == AnswerKind.EMBEDDINGS) {
                answer.skipChildren();
            } else if (!isFinished()) {
                return false;
            }
            any = true;
        }
        return any;
    }

    /** Whether a choice came to its end, and would not be another one next time. */
    private boolean isFinished() throws IOException {
        if (answer.currentToken() != JsonToken.START_OBJECT) {
            return false;
        }
        boolean stopped = false;
        boolean calls = false;
        for (String field = answer.nextFieldName(); field != null; field = answer.nextFieldName()) {
            JsonToken value = answer.nextToken();
            if (field.equals("finish_reason") && value == JsonToken.VALUE_STRING) {
                String reason = answer.getText();
                calls |= reason.equals("tool_calls") || reason.equals("function_call");
                stopped = calls || reason.equals("stop");
            } else if (field.equals("message") && value == JsonToken.START_OBJECT) {
                calls |= calls();
            } else {
                answer.skipChildren();
            }
        }
        return stopped && (seeded || !calls);
    }

    /** Whether a message calls a tool. */
    private boolean calls() throws IOException {
        boolean calls = false;
        for (String field = answer.nextFieldName(); field != null; field = answer.nextFieldName()) {
            JsonToken value = answer.nextToken();
            if (field.equals("function_call")) {
                calls |= value != JsonToken.VALUE_NULL;
            } else if (field.equals("tool_calls") && value == JsonToken.START_ARRAY) {
                calls |= answer.nextToken() != JsonToken.END_ARRAY;
                while (answer.currentToken() != JsonToken.END_ARRAY) {
                    answer.skipChildren();
                    answer.nextToken();
                }
                continue;
            }
            answer.skipChildren();
        }
        return calls;
    }
}
