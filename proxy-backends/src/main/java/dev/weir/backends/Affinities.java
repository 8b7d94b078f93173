package dev.weir.backends;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.weir.core.Exchange;
import dev.weir.core.ModelRequest;
import io.netty.buffer.ByteBufInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * What requests have in common that should meet on one target. Costs nothing where no affinity is configured. Runs on the
 * event loop; borrows the body.
 */
final class Affinities {
    /** Names a conversation, where a client does. */
    private static final String CONVERSATION = "x-conversation-id";

    /** How much of a prompt or an input tells one conversation from another. */
    private static final int PREFIX_CHARS = 512;

    private static final JsonFactory JSON = new JsonFactory();

    private Affinities() {}

    /** Equal for requests that belong together, {@link Asker#NO_AFFINITY} for one that belongs to no other. */
    static long of(Affinity affinity, Exchange exchange, String identity) {
        // Two senders share no session, user or conversation, whatever they call them.
        return switch (affinity.by()) {
            case NONE -> Asker.NO_AFFINITY;
            case KEY -> identity.isEmpty() ? Asker.NO_AFFINITY : hash(0, identity);
            case HEADER -> header(affinity.header(), exchange, hash(0, identity));
            case USER -> inBody(exchange, parser -> user(hash(0, identity), parser));
            case CONVERSATION -> conversation(exchange, hash(0, identity));
        };
    }

    private static long header(String name, Exchange exchange, long sender) {
        String value = exchange.request().headers().get(name);
        return value == null || value.isEmpty() ? Asker.NO_AFFINITY : hash(sender, value);
    }

    private static long conversation(Exchange exchange, long sender) {
        long named = header(CONVERSATION, exchange, sender);
        return named == Asker.NO_AFFINITY ? inBody(exchange, parser -> beginning(sender, parser)) : named;
    }

    /** Reads an affinity from a body, behind the brace that opens it. */
    private interface Reader {
        long read(JsonParser parser) throws IOException;
    }

    private static long inBody(Exchange exchange, Reader reader) {
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (request == null || !request.json()) {
            return Asker.NO_AFFINITY;
        }
        try (JsonParser parser = JSON.createParser(
                (InputStream) new ByteBufInputStream(exchange.body().duplicate()))) {
            return parser.nextToken() == JsonToken.START_OBJECT ? reader.read(parser) : Asker.NO_AFFINITY;
        } catch (IOException e) {
            return Asker.NO_AFFINITY;
        }
    }

    /** OpenAI's {@code user}, or Anthropic's {@code metadata.user_id}. */
    private static long user(long seed, JsonParser parser) throws IOException {
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            JsonToken value = parser.nextToken();
            if (value == JsonToken.VALUE_STRING && (name.equals("user") || name.equals("user_id"))) {
                return hash(seed, parser.getText());
            }
            if (name.equals("metadata") && value == JsonToken.START_OBJECT) {
                long named = user(seed, parser);
                if (named != Asker.NO_AFFINITY) {
                    return named;
                }
            } else {
                parser.skipChildren();
            }
        }
        return Asker.NO_AFFINITY;
    }

    /** The messages up to the first one of the user, or how the prompt or input begins. */
    private static long beginning(long seed, JsonParser parser) throws IOException {
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            JsonToken value = parser.nextToken();
            if (name.equals("messages") && value == JsonToken.START_ARRAY) {
                return messages(seed, parser);
            }
            if ((name.equals("prompt") || name.equals("input")) && value == JsonToken.VALUE_STRING) {
                return hash(seed, prefix(parser.getText()));
            }
            parser.skipChildren();
        }
        return Asker.NO_AFFINITY;
    }

    private static long messages(long seed, JsonParser parser) throws IOException {
        long hash = seed;
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            String role = null;
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken value = parser.nextToken();
                if (name.equals("role")) {
                    role = parser.getText();
                } else if (name.equals("content")) {
                    hash = content(hash, parser, value);
                } else {
                    parser.skipChildren();
                }
            }
            if (isUser(role)) {
                return hash;
            }
        }
        return hash;
    }

    private static boolean isUser(@Nullable String role) {
        return "user".equals(role);
    }

    private static long content(long seed, JsonParser parser, JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_STRING) {
            return hash(seed, prefix(parser.getText()));
        }
        long hash = seed;
        if (value == JsonToken.START_ARRAY) {
            int depth = 1;
            while (depth > 0) {
                JsonToken token = parser.nextToken();
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                hash = token == JsonToken.VALUE_STRING ? hash(hash, prefix(parser.getText())) : hash;
            }
        }
        return hash;
    }

    private static String prefix(String text) {
        return text.substring(0, Math.min(text.length(), PREFIX_CHARS));
    }

    private static long hash(long seed, String text) {
        long hash = seed;
        for (int i = 0; i < text.length(); i++) {
            hash = hash * 0x100000001b3L ^ text.charAt(i);
        }
        long mixed = Rendezvous.mix(hash ^ text.length());
        return mixed == Asker.NO_AFFINITY ? 1 : mixed;
    }
}
