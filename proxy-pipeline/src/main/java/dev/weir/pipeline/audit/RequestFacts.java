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
        RequestFacts all = Reading.of(body);
        return all.title.isEmpty() ? all : new RequestFacts(all.user, all.conversation, "");
    }

    /** Reads what is there of a body that was checked to be JSON, but may have been cut. */
    static RequestFacts read(Body body) {
        return Reading.of(Unpooled.wrappedBuffer(body.utf8()));
    }

    /** What is known so far. */
    private static final class Reading {
        private String user = "";
        private String conversation = "";
        private @Nullable String question;
        private String role = "";
        private @Nullable String text;

        static RequestFacts of(ByteBuf json) {
            Reading reading = new Reading();
            try {
                reading.members(JsonCursor.of(json));
            } catch (IllegalArgumentException | IndexOutOfBoundsException ended) {
                // What was read is what is known.
            }
            return new RequestFacts(
                    Texts.bounded(reading.user, MAX_CHARS),
                    Texts.bounded(reading.conversation, MAX_CHARS),
                    reading.question == null ? "" : Texts.title(reading.question));
        }

        private void members(JsonCursor body) {
            while (body.begin()) {
                if (body.isNamed("user")) {
                    user = string(body, user);
                } else if (body.isNamed("metadata")) {
                    metadata(body);
                } else if (body.isNamed("messages") || body.isNamed("input") || body.isNamed("prompt")) {
                    question(body);
                } else {
                    body.pass();
                }
            }
        }

        /** The string that {@code value} has begun, or {@code other} if it is none; stands behind it then. */
        private static String string(JsonCursor value, String other) {
            boolean string = value.kind() == '"';
            value.pass();
            return string ? value.string() : other;
        }

        private void metadata(JsonCursor value) {
            if (value.kind() == '{') {
                JsonCursor metadata = value.enter();
                while (metadata.begin()) {
                    if (metadata.isNamed("conversation_id")) {
                        conversation = scalar(metadata);
                    } else {
                        metadata.pass();
                    }
                }
            }
            value.pass();
        }

        private String scalar(JsonCursor value) {
            byte kind = value.kind();
            if (kind == '"' || kind == '{' || kind == '[') {
                return string(value, conversation);
            }
            value.pass();
            return value.valueText();
        }

        /** A text, or messages, the first of which by a user is it. */
        private void question(JsonCursor value) {
            if (question == null && value.kind() == '[') {
                JsonCursor messages = value.enter();
                while (question == null && messages.begin()) {
                    if (messages.kind() == '{') {
                        message(messages.enter());
                    }
                    messages.pass();
                }
            }
            question = question == null && value.kind() == '"' ? string(value, "") : question;
            value.pass();
        }

        private void message(JsonCursor message) {
            role = "";
            text = null;
            try {
                while (message.begin()) {
                    if (message.isNamed("role")) {
                        role = string(message, "");
                    } else if (message.isNamed("content")) {
                        content(message);
                    } else {
                        message.pass();
                    }
                }
            } finally {
                question = role.equals("user") ? text : null;
            }
        }

        /** A text, or parts, the first text of which counts. */
        private void content(JsonCursor value) {
            if (value.kind() == '[') {
                JsonCursor parts = value.enter();
                while (text == null && parts.begin()) {
                    if (parts.kind() == '{') {
                        part(parts.enter());
                    }
                    parts.pass();
                }
            }
            text = value.kind() == '"' ? string(value, "") : text;
            value.pass();
        }

        private void part(JsonCursor part) {
            while (text == null && part.begin()) {
                boolean wanted = part.kind() == '"' && part.isNamed("text");
                part.pass();
                text = wanted ? part.string() : null;
            }
        }
    }
}
