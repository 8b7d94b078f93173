package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.core.Downstream;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Tells an answer that comes in one piece. Runs on the event loop. */
final class WholeAnswer implements ResponseFilter {
    private static final int MAX_BYTES = 64 * 1024 * 1024;

    private final Translation.Call call;
    private final Translation.Wanted wanted;
    private final String model;
    private final long sinceNanos = System.nanoTime();
    private @Nullable ByteBuf answer;

    WholeAnswer(Translation.Call call, Translation.Wanted wanted, String model) {
        this.call = call;
        this.wanted = wanted;
        this.model = model;
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        ByteBuf so = answer == null ? PooledByteBufAllocator.DEFAULT.buffer(2048) : answer;
        answer = so;
        if (so.readableBytes() + part.readableBytes() > MAX_BYTES) {
            part.release();
            next.fail(new GatewayException(
                    GatewayError.BACKEND_FAILED, "the backend's answer is too large to be translated"));
            return;
        }
        so.writeBytes(part);
        part.release();
        if (!last) {
            return;
        }
        try {
            next.writeBody(Unpooled.wrappedBuffer(Json.bytes(told(Json.read(so)))), true);
        } catch (IOException e) {
            next.fail(new GatewayException(GatewayError.BACKEND_FAILED, "the backend's answer is no JSON", e));
        }
    }

    private JsonNode told(JsonNode said) {
        return switch (call) {
            case OLLAMA_CHAT -> OllamaAnswers.whole(said, true, model, sinceNanos);
            case OLLAMA_GENERATE -> OllamaAnswers.whole(said, false, model, sinceNanos);
            case OLLAMA_EMBED -> OllamaAnswers.embed(said, model, sinceNanos);
            case OLLAMA_EMBEDDINGS -> OllamaAnswers.embeddings(said);
            case OPENAI_CHAT -> OpenAiAnswers.whole(said, true, model);
            case OPENAI_COMPLETION -> OpenAiAnswers.whole(said, false, model);
            case OPENAI_EMBEDDINGS -> OpenAiAnswers.embeddings(said, model, wanted.base64());
        };
    }

    @Override
    public void onEnd(Outcome outcome) {
        if (answer != null) {
            answer.release();
            answer = null;
        }
    }
}
