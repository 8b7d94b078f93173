package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;

/** How one API writes one answer; made for each answer. *Runs on the event loop*; gives its buffers to the sink. */
interface StreamFormat {
    String contentType();

    /** Events before the first token. */
    default void begin(Consumer<ByteBuf> sink) {}

    /** The event of one token; APIs that send a tool call whole send nothing for its parts. */
    void token(int index, Consumer<ByteBuf> sink);

    /** Events after the last token. */
    void end(Timing timing, Consumer<ByteBuf> sink);

    /** The answer as one object, for a client that does not stream. */
    JsonNode whole(Timing timing);
}
