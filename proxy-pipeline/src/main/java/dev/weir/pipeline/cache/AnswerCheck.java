package dev.weir.pipeline.cache;

import dev.weir.core.JsonFault;
import dev.weir.core.JsonTokenizer;
import dev.weir.core.JsonTokenizer.Token;
import java.nio.ByteBuffer;

/** Whether the body of an answer is whole, and one that would be given again. Goes through it once, and keeps nothing of it. */
final class AnswerCheck {
    private final CacheableCall call;
    private final boolean seeded;
    private final JsonTokenizer answer;

    private AnswerCheck(CacheableCall call, boolean seeded, JsonTokenizer answer) {
        this.call = call;
        this.seeded = seeded;
        this.answer = answer;
    }

    /** @param seeded whether the request had a seed, without which a call of a tool may be another one next time */
    static boolean isWhole(CacheableCall call, byte[] body, boolean seeded) {
        try {
            return new AnswerCheck(call, seeded, new JsonTokenizer(ByteBuffer.wrap(body))).isWhole();
        } catch (JsonFault notJson) {
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
    private boolean isWhole() throws JsonFault {
        if (answer.next() != Token.OBJECT) {
            return false;
        }
        boolean good = false;
        while (answer.next() == Token.NAME) {
            boolean list = answer.is(list());
            boolean error = answer.is("error");
            Token value = answer.next();
            if (list) {
                good = value == Token.ARRAY && areGood();
                if (!good) {
                    return false;
                }
            } else if (error && value != Token.NULL) {
                return false;
            } else {
                pass(value);
            }
        }
        return good && answer.next() == Token.NONE;
    }

    private boolean areGood() throws JsonFault {
        boolean any = false;
        for (Token item = answer.next(); item != Token.ARRAY_END; item = answer.next()) {
            if (call.kind() == AnswerKind.EMBEDDINGS) {
                pass(item);
            } else if (item != Token.OBJECT || !isFinished()) {
                return false;
            }
            any = true;
        }
        return any;
    }

    /** Whether a choice came to its end, and would not be another one next time. */
    private boolean isFinished() throws JsonFault {
        boolean stopped = false;
        boolean calls = false;
        while (answer.next() == Token.NAME) {
            boolean reason = answer.is("finish_reason");
            boolean message = answer.is("message");
            Token value = answer.next();
            if (reason) {
                if (stopped || value != Token.STRING) {
                    return false;
                }
                boolean called = answer.is("tool_calls") || answer.is("function_call");
                calls |= called;
                stopped = called || answer.is("stop");
                if (!stopped) {
                    return false;
                }
            } else if (message && value == Token.OBJECT) {
                calls |= calls();
            } else {
                pass(value);
            }
        }
        return stopped && (seeded || !calls);
    }

    /** Whether a message calls a tool. */
    private boolean calls() throws JsonFault {
        boolean calls = false;
        while (answer.next() == Token.NAME) {
            boolean function = answer.is("function_call");
            boolean tools = answer.is("tool_calls");
            Token value = answer.next();
            calls |= function && value != Token.NULL;
            calls |= pass(value) && tools;
        }
        return calls;
    }

    /** Goes to the end of the value that begins with {@code first}; returns whether there is something in it. */
    private boolean pass(Token first) throws JsonFault {
        int depth = 0;
        int tokens = 0;
        Token token = first;
        while (true) {
            if (token == Token.OBJECT || token == Token.ARRAY) {
                depth++;
            } else if (token == Token.OBJECT_END || token == Token.ARRAY_END) {
                depth--;
            }
            tokens++;
            if (depth == 0) {
                return tokens > 2;
            }
            token = answer.next();
        }
    }
}
