package dev.weir.pipeline.agents;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one choice that wait to go out as one event: the first one's event, with the text of all. Runs on the event
 * loop.
 */
final class TokenGroup {
    private final int choice;
    private @Nullable Delta first;
    private final ByteArrayOutputStream text = new ByteArrayOutputStream(128);
    private int tokens;

    TokenGroup(int choice) {
        this.choice = choice;
    }

    int choice() {
        return choice;
    }

    int tokens() {
        return tokens;
    }

    void add(Delta token) {
        if (first == null) {
            first = token;
        }
        append(token);
        tokens++;
    }

    private void append(Delta token) {
        text.write(token.event(), token.contentStart(), token.contentEnd() - token.contentStart());
    }

    /** The event that holds all tokens; the group is empty then. */
    byte[] take() {
        Delta frame = first;
        if (frame == null) {
            throw new IllegalStateException("a group without tokens");
        }
        byte[] event = tokens == 1 ? frame.event() : framed(frame);
        clear();
        return event;
    }

    /** The event that ends the choice, its text behind that of the group; the group is empty then. */
    byte[] takeInto(Delta end) {
        append(end);
        byte[] event = framed(end);
        clear();
        return event;
    }

    private byte[] framed(Delta frame) {
        byte[] around = frame.event();
        int behind = around.length - frame.contentEnd();
        byte[] event = new byte[frame.contentStart() + text.size() + behind];
        System.arraycopy(around, 0, event, 0, frame.contentStart());
        System.arraycopy(text.toByteArray(), 0, event, frame.contentStart(), text.size());
        System.arraycopy(around, frame.contentEnd(), event, event.length - behind, behind);
        return event;
    }

    private void clear() {
        first = null;
        text.reset();
        tokens = 0;
    }
}
