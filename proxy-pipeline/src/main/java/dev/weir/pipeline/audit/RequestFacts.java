package dev.weir.pipeline.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.weir.core.JsonCursor;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
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
    private static final JsonFactory JSON = new JsonFactory();

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
        String user = "";
        String conversation = "";
        try {
            JsonCursor members = JsonCursor.of(body);
            while (members.next()) {
                if (members.kind() == '"' && members.name().equals("user")) {
                    user = unquoted(members);
                } else if (members.kind() == '{' && members.name().equals("metadata")) {
                    conversation = conversation(members.enter());
                }
            }
        } catch (IllegalArgumentException | IndexOutOfBoundsException broken) {
            return NONE;
        }
        return user.isEmpty() && conversation.isEmpty() ? NONE : new RequestFacts(user, conversation, "");
    }

    private static String conversation(JsonCursor metadata) {
        while (metadata.next()) {
            if (metadata.kind() == '"' && metadata.name().equals("conversation_id")) {
                return unquoted(metadata);
            }
        }
        return "";
    }

    private static String unquoted(JsonCursor value) {
        try (JsonParser parser = JSON.createParser(value.valueText())) {
            parser.nextToken();
            return Texts.bounded(parser.getText(), MAX_CHARS);
        } catch (IOException broken) {
            return "";
        }
    }

    /** Reads what is there of a body that may end in the middle. */
    static RequestFacts read(String json) {
        Reading reading = new Reading();
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                reading.members(parser);
            }
        } catch (IOException ended) {
            // What was read is what is known.
        }
        return new RequestFacts(
                Texts.bounded(reading.user, MAX_CHARS),
                Texts.bounded(reading.conversation, MAX_CHARS),
                reading.question == null ? "" : Texts.title(reading.question));
    }

    /** What is known so far. */
    private static final class Reading {
        private @Nullable String user;
        private @Nullable String conversation;
        private @Nullable String question;
        private @Nullable String role;
        private @Nullable String text;

        void members(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                boolean isText = value == JsonToken.VALUE_STRING;
                if (isText && name.equals("user")) {
                    user = parser.getText();
                } else if (isText && (name.equals("prompt") || name.equals("input")) && question == null) {
                    question = parser.getText();
                } else if (value == JsonToken.START_OBJECT && name.equals("metadata")) {
                    metadata(parser);
                } else if (value == JsonToken.START_ARRAY && (name.equals("messages") || name.equals("input"))) {
                    messages(parser);
                } else {
                    parser.skipChildren();
                }
            }
        }

        private void metadata(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean wanted = parser.currentName().equals("conversation_id");
                if (parser.nextToken().isScalarValue() && wanted) {
                    conversation = parser.getText();
                }
                parser.skipChildren();
            }
        }

        private void messages(JsonParser parser) throws IOException {
            for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
                if (token != JsonToken.START_OBJECT || question != null) {
                    parser.skipChildren();
                } else {
                    role = null;
                    text = null;
                    try {
                        message(parser);
                    } finally {
                        question = "user".equals(role) ? text : null;
                    }
                }
            }
        }

        private void message(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals("role")) {
                    role = parser.getText();
                } else if (name.equals("content") && value == JsonToken.START_ARRAY) {
                    parts(parser);
                } else if (name.equals("content") && value == JsonToken.VALUE_STRING) {
                    text = parser.getText();
                }
                parser.skipChildren();
            }
        }

        /** Content made of parts: the first text counts. Ends at the array's end. */
        private void parts(JsonParser parser) throws IOException {
            int depth = 1;
            while (depth > 0) {
                JsonToken token = parser.nextToken();
                if (token == null) {
                    return;
                }
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                if (text == null && token == JsonToken.VALUE_STRING && "text".equals(parser.currentName())) {
                    text = parser.getText();
                }
            }
        }
    }
}
