package dev.weir.backends.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * One attempt on a backend that does not speak the client's API: text, its streaming, the usual options and the usage are told
 * in the other one. What cannot be told is refused, not dropped. Runs on the event loop; one use.
 */
public final class Translation {
    /** What is asked for, and by which API. */
    enum Call {
        OLLAMA_CHAT("/v1/chat/completions"),
        OLLAMA_GENERATE("/v1/chat/completions"),
        OLLAMA_EMBED("/v1/embeddings"),
        OLLAMA_EMBEDDINGS("/v1/embeddings"),
        OPENAI_CHAT("/api/chat"),
        OPENAI_COMPLETION("/api/generate"),
        OPENAI_EMBEDDINGS("/api/embed");

        private final String path;

        Call(String path) {
            this.path = path;
        }

        /** Whether the client speaks Ollama's API. */
        boolean fromOllama() {
            return path.startsWith("/v1/");
        }
    }

    private final Call call;
    private final String backend;
    private Wanted wanted = Wanted.NOTHING;
    private byte[] told = {};

    private Translation(Call call, String backend) {
        this.call = call;
        this.backend = backend;
    }

    /**
     * What the answer has to heed of the request.
     *
     * @param includeUsage whether a stream ends with the usage
     * @param base64 whether vectors are wanted as text
     */
    record Wanted(boolean includeUsage, boolean base64) {
        static final Wanted NOTHING = new Wanted(false, false);
    }

    /** The translation of what a client asks at {@code path}, in Ollama's API, for an OpenAI server; null if there is none. */
    public static @Nullable Translation toOpenAi(String path, String backend) {
        return switch (path) {
            case "/api/chat" -> new Translation(Call.OLLAMA_CHAT, backend);
            case "/api/generate" -> new Translation(Call.OLLAMA_GENERATE, backend);
            case "/api/embed" -> new Translation(Call.OLLAMA_EMBED, backend);
            case "/api/embeddings" -> new Translation(Call.OLLAMA_EMBEDDINGS, backend);
            default -> null;
        };
    }

    /** The translation of what a client asks at {@code path}, in OpenAI's API, for an Ollama; null if there is none. */
    public static @Nullable Translation toOllama(String path, String backend) {
        return switch (path) {
            case "/v1/chat/completions" -> new Translation(Call.OPENAI_CHAT, backend);
            case "/v1/completions" -> new Translation(Call.OPENAI_COMPLETION, backend);
            case "/v1/embeddings" -> new Translation(Call.OPENAI_EMBEDDINGS, backend);
            default -> null;
        };
    }

    /** What the backend is asked at. */
    public String path() {
        return call.path;
    }

    /**
     * Translates the body for the backend.
     *
     * @param body the client's, borrowed
     * @param model the backend's own name of the model
     * @throws GatewayException if it asks for what cannot be told in the other API
     */
    public void prepare(ByteBuf body, String model) throws GatewayException {
        ObjectNode asked = Json.object(body);
        Refusals refusals = new Refusals(asked, backend, call.fromOllama());
        wanted = new Wanted(
                asked.at("/stream_options/include_usage").asBoolean(),
                asked.path("encoding_format").asText("").equals("base64"));
        ObjectNode request =
                call.fromOllama() ? OpenAiRequests.of(call, asked, refusals) : OllamaRequests.of(call, asked, refusals);
        told = Json.bytes(request.put("model", model));
    }

    /** The body for the backend, once it is prepared. */
    public ByteBuf request() {
        return Unpooled.wrappedBuffer(told);
    }

    /** The head for the client of an answer that begins with {@code head}; the same but for what the body is. */
    public ResponseHead head(ResponseHead head) {
        boolean stream = isStream(head);
        head.headers()
                .set(
                        "Content-Type",
                        !stream
                                ? "application/json"
                                : call.fromOllama() ? "application/x-ndjson" : "text/event-stream; charset=utf-8");
        return head.withContentLength(ResponseHead.UNKNOWN);
    }

    private static boolean isStream(ResponseHead head) {
        return head.status() == 200 && (head.isEventStream() || head.isJsonLines());
    }

    /**
     * What tells the answer that begins with {@code head}, as the backend sent it, to the client.
     *
     * @param model the name that the client asked for
     */
    public ResponseFilter answer(Exchange exchange, ResponseHead head, String model) {
        if (head.status() != 200) {
            return new ErrorAnswer(exchange, head.status());
        }
        if (!isStream(head)) {
            return new WholeAnswer(call, wanted, model);
        }
        return new StreamedAnswer(
                call.fromOllama()
                        ? new LinesOfChunks(call == Call.OLLAMA_CHAT, model)
                        : new ChunksOfLines(call == Call.OPENAI_CHAT, model, wanted.includeUsage()));
    }
}
