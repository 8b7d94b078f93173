package dev.weir.pipeline.cache;

import dev.weir.core.Headers;
import dev.weir.core.LocalResponse;
import dev.weir.core.ResponseHead;
import io.netty.buffer.Unpooled;

/**
 * A whole answer that is kept. Immutable: what is written to clients are read-only views of one array. Times are of
 * {@link System#currentTimeMillis}, since instances share answers.
 */
final class CachedAnswer {
    /** What an entry takes besides its bytes, roughly. */
    static final int OVERHEAD_BYTES = 400;

    static final String RESULT = "x-weir-cache";
    static final String MODEL = "x-weir-model";

    private final AnswerKind kind;
    private final byte[] body;
    private final String contentType;
    private final String model;
    private final long storedAtMillis;
    private final long expiresAtMillis;

    /** @param model the configured name of the model that answered, as {@code x-weir-model} tells it; possibly empty */
    CachedAnswer(
            AnswerKind kind, byte[] body, String contentType, String model, long storedAtMillis, long expiresAtMillis) {
        this.kind = kind;
        this.body = body;
        this.contentType = contentType;
        this.model = model;
        this.storedAtMillis = storedAtMillis;
        this.expiresAtMillis = expiresAtMillis;
    }

    private void addCommon(Headers headers) {
        if (!model.isEmpty()) {
            headers.add(MODEL, model);
        }
        headers.add(RESULT, "hit");
    }

    AnswerKind kind() {
        return kind;
    }

    byte[] body() {
        return body;
    }

    String contentType() {
        return contentType;
    }

    String model() {
        return model;
    }

    long storedAtMillis() {
        return storedAtMillis;
    }

    long expiresAtMillis() {
        return expiresAtMillis;
    }

    /** What it takes in memory. */
    int weight() {
        return body.length + OVERHEAD_BYTES;
    }

    boolean isExpired() {
        return System.currentTimeMillis() >= expiresAtMillis;
    }

    /** As it came. */
    LocalResponse response() {
        Headers headers = new Headers().add("Content-Type", contentType);
        addCommon(headers);
        headers.add("Age", age());
        return new LocalResponse(
                new ResponseHead(200, "OK", headers, body.length),
                Unpooled.wrappedBuffer(body).asReadOnly());
    }

    /** As a stream of {@code events} made of it. */
    LocalResponse stream(byte[] events) {
        Headers headers = new Headers()
                .add("Content-Type", "text/event-stream; charset=utf-8")
                .add("Cache-Control", "no-cache")
                .add("x-accel-buffering", "no")
                .add("Age", age());
        addCommon(headers);
        return new LocalResponse(
                new ResponseHead(200, "OK", headers, ResponseHead.UNKNOWN), Unpooled.wrappedBuffer(events));
    }

    /** Whole seconds since it was stored (RFC 9111 section 5.1). */
    private String age() {
        return Long.toString(Math.max(0, System.currentTimeMillis() - storedAtMillis) / 1000);
    }
}
