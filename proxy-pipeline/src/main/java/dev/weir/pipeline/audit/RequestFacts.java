package dev.weir.pipeline.audit;

import dev.weir.core.JsonCursor;
import dev.weir.pipeline.audit.AuditEntry.Body;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * What a chat's body says of itself beside its question.
 *
 * @param user OpenAI's {@code user}
 * @param conversation {@code metadata.conversation_id}
 * @param title the first words of its first user
 */
record RequestFacts(String user, String conversation, String title) {
    static final RequestFacts NONE = new RequestFacts("", "", "");

    private static final int MAX_CHARS = 256;
    private static final int MAX_SCANNED_BYTES = 64 * 1024;

    /** These, and where they say nothing what {@code others} say. */
    RequestFacts orElse(RequestFacts others) {
        return new RequestFacts(
                user.isEmpty() ? others.user : user,
                conversation.isEmpty() ? others.conversation : conversation,
                title.isEmpty() ? others.title : title);
    }

    /**
     * Reads user and conversation in place, for a body that is not copied; of a very large one nothing. Borrows
     * {@code body}, which was checked to be JSON.
     */
    static RequestFacts scan(ByteBuf body) {
        if (body.readableBytes() > MAX_SCANNED_BYTES) {
            return NONE;
        }
        return Reading.of(body, false);
    }

    /** Reads what is there of a body that was checked to be JSON, but may have been cut. */
    static RequestFacts read(Body body) {
        return Reading.of(Unpooled.wrappedBuffer(body.utf8()), true);
    }

    /** What is known so far. */
    private static final class Reading {
        private @Nullable String user;
        private @Nullable String conversation;
        private @Nullable String question;
        private @Nullable String role;
        private @Nullable String text;

        /** @param titled whether its question is read as well */
        static RequestFacts of(ByteBuf json, boolean titled) {
            Reading reading = new Reading();
            try {
                reading.members(JsonCursor.of(json), titled);
            } catch (IllegalArgumentException | IndexOutOfBoundsException ended) {
                // What was read is what is known.
            }
            return new RequestFacts(
                    Texts.bounded(reading.user, MAX_CHARS),
                    Texts.bounded(reading.conversation, MAX_CHARS),
                    reading.question == null ? "" : Texts.title(reading.question));
        }

        private void members(JsonCursor body, boolean titled) {
            while (body.begin()) {
                if (body.isNamed("user")) {
                    user = string(body, user);
                } else if (body.isNamed("metadata")) {
                    metadata(body);
                } else if (titled && (body.isNamed("messages") || body.isNamed("input") || body.isNamed("prompt"))) {
                    question(body);
                } else {
                    body.pass();
                }
            }
        }

        /** The string that {@code value} has begun, or {@code other} if it is none; stands behind it then. */
        private static @Nullable String string(JsonCursor value, @Nullable String other) {
            boolean string = value.kind() == '"';
            value.pass();
            return string ? value.string() : other;
        }

        private void metadata(JsonCursor value) {
            if (value.kind() != '{') {
                value.pass();
                return;
            }
            JsonCursor metadata = value.enter();
            while (metadata.begin()) {
                if (metadata.isNamed("conversation_id")) {
                    conversation = scalar(metadata);
                } else {
                    metadata.pass();
                }
            }
            value.pass(metadata);
        }

        private @Nullable String scalar(JsonCursor value) {
            byte kind = value.kind();
            if (kind == '"' || kind == '{' || kind == '[') {
                return string(value, conversation);
            }
            value.pass();
            return value.valueText();
        }

        /** A text, or messages, the first of which by a user is it. */
        private void question(JsonCursor value) {
            if (question != null || value.kind() != '[') {
                String said = string(value, null);
                question = question == null ? said : question;
                return;
            }
            JsonCursor messages = value.enter();
            while (question == null && messages.begin()) {
                if (messages.kind() == '{') {
                    message(messages);
                } else {
                    messages.pass();
                }
            }
            value.pass(messages);
        }

        private void message(JsonCursor value) {
            JsonCursor message = value.enter();
            role = null;
            text = null;
            try {
                while (message.begin()) {
                    if (message.isNamed("role")) {
                        role = string(message, null);
                    } else if (message.isNamed("content")) {
                        content(message);
                    } else {
                        message.pass();
                    }
                }
            } finally {
                question = "user".equals(role) ? text : null;
            }
            value.pass(message);
        }

        /** A text, or parts, the first text of which counts. */
        private void content(JsonCursor value) {
            if (value.kind() != '[') {
                text = string(value, null);
                return;
            }
            JsonCursor parts = value.enter();
            while (text == null && parts.begin()) {
                if (parts.kind() == '{') {
                    part(parts);
                } else {
                    parts.pass();
                }
            }
            value.pass(parts);
        }

        private void part(JsonCursor value) {
            JsonCursor part = value.enter();
            while (text == null && part.begin()) {
                if (part.isNamed("text")) {
                    text = string(part, null);
                } else {
                    part.pass();
                }
            }
            value.pass(part);
        }
    }
}
