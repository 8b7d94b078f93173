package dev.weir.server.sim;

import com.fasterxml.jackson.databind.node.TextNode;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.multipart.Attribute;
import io.netty.handler.codec.http.multipart.DefaultHttpDataFactory;
import io.netty.handler.codec.http.multipart.FileUpload;
import io.netty.handler.codec.http.multipart.HttpPostMultipartRequestDecoder;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder.ErrorDataDecoderException;
import java.io.IOException;
import java.util.Arrays;

/** OpenAI's {@code POST /v1/audio/transcriptions}: a multipart form in, {@code {"text"}} out. *Any thread.* */
final class TranscriptionApi {
    /** What the form says; the recording as a text that differs for other recordings. */
    private record Form(String model, String recording) {}

    private final Engine engine;
    private final Prose prose;

    TranscriptionApi(Engine engine) {
        this.engine = engine;
        this.prose = new Prose(engine.options().seed());
    }

    void register(Router router) {
        router.on("POST", "/v1/audio/transcriptions", this::transcribe);
    }

    private void transcribe(Exchange exchange) {
        Form form = read(exchange);
        SimModel model = engine.model(TextNode.valueOf(form.model()));
        String text = String.join("", prose.answer(model, form.recording()));
        engine.compute(
                exchange,
                model,
                Slot.Wish.NONE,
                timing -> Json.bytes(Json.object().put("text", text)));
    }

    private static Form read(Exchange exchange) {
        var request = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.POST,
                exchange.path(),
                Unpooled.wrappedBuffer(exchange.body()),
                exchange.headers(),
                EmptyHttpHeaders.INSTANCE);
        try {
            if (!HttpPostRequestDecoder.isMultipart(request)) {
                throw new SimError(400, "the body is not a multipart form");
            }
            // In memory: the body is bounded and here already.
            var parts = new HttpPostMultipartRequestDecoder(new DefaultHttpDataFactory(false), request);
            try {
                return form(parts);
            } finally {
                parts.destroy();
            }
        } catch (ErrorDataDecoderException | IOException e) {
            throw new SimError(400, "the multipart form cannot be read");
        } finally {
            request.release();
        }
    }

    private static Form form(HttpPostMultipartRequestDecoder parts) throws IOException {
        if (!(parts.getBodyHttpData("model") instanceof Attribute model)) {
            throw SimError.missing("model");
        }
        if (!(parts.getBodyHttpData("file") instanceof FileUpload file)) {
            throw SimError.missing("file");
        }
        return new Form(model.getValue(), file.getFilename() + ' ' + Math.abs((long) Arrays.hashCode(file.get())));
    }
}
