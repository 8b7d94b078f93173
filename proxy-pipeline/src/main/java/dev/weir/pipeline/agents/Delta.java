package dev.weir.pipeline.agents;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What one event of a stream of completions says, and where in its bytes: {@code data: {…}} with one choice. Found by one
 * pass of a streaming parser; nothing is decoded but names. One use.
 */
final class Delta {
    /** An event that belongs to no single choice: usage, {@code [DONE]}, comments, what is no completion. */
    static final int NO_CHOICE = -1;

    private static final JsonFactory JSON = new JsonFactory();

    private final byte[] event;
    private int choices;
    private int choiceIndex;
    private int contentStart;
    private int contentEnd;
    private boolean finished;
    private boolean more;

    /** Where the list of choices begins and ends, brackets included, and each of them in turn, where there are several. */
    private int listStart;

    private int listEnd;
    private final List<int[]> spans = new ArrayList<>(0);

    private Delta(byte[] event) {
        this.event = event;
    }

    static Delta of(byte[] event) {
        Delta delta = new Delta(event);
        int start = delta.json();
        if (start >= 0) {
            delta.read(start);
        }
        return delta;
    }

    /** The event's bytes, its empty line included. */
    byte[] event() {
        return event;
    }

    /** The choice that the event belongs to, or {@link #NO_CHOICE}. */
    int choice() {
        return choices == 1 ? choiceIndex : NO_CHOICE;
    }

    /** The event as one event for each of its choices, or an empty list where it has one or none. */
    List<byte[]> split() {
        List<byte[]> events = new ArrayList<>(spans.size());
        for (int[] span : spans) {
            int length = listStart + 1 + span[1] - span[0] + event.length - (listEnd - 1);
            byte[] one = new byte[length];
            System.arraycopy(event, 0, one, 0, listStart + 1);
            System.arraycopy(event, span[0], one, listStart + 1, span[1] - span[0]);
            System.arraycopy(event, listEnd - 1, one, listStart + 1 + span[1] - span[0], event.length - (listEnd - 1));
            events.add(one);
        }
        return events;
    }

    /** Whether it holds a token: content that is not empty. */
    boolean isToken() {
        return choices == 1 && contentEnd > contentStart;
    }

    /** Whether nothing is lost when only its content is kept. */
    boolean isMergeable() {
        return isToken() && !finished && !more;
    }

    /** Whether it ends its choice and says nothing besides that and its content. */
    boolean endsChoice() {
        return choices == 1 && finished && !more;
    }

    /** Where the content's text begins, behind its quote. */
    int contentStart() {
        return contentStart;
    }

    /** Where the content's text ends, at its quote. */
    int contentEnd() {
        return contentEnd;
    }

    /** Where the JSON object of an event of a single data line begins, or -1. */
    private int json() {
        int at = 5;
        if (event.length < 8
                || event[0] != 'd'
                || event[1] != 'a'
                || event[2] != 't'
                || event[3] != 'a'
                || event[4] != ':') {
            return -1;
        }
        while (at < event.length && event[at] == ' ') {
            at++;
        }
        return at < event.length && event[at] == '{' ? at : -1;
    }

    private void read(int start) {
        try (JsonParser parser = JSON.createParser(event, start, event.length - start)) {
            parser.nextToken();
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken value = parser.nextToken();
                if (name.equals("choices") && value == JsonToken.START_ARRAY) {
                    readChoices(parser, start);
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            spans.clear();
            choices = 0;
        }
    }

    private void readChoices(JsonParser parser, int start) throws IOException {
        listStart = offset(parser, start);
        int[] first = null;
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            choices++;
            int[] span = {offset(parser, start), 0};
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "index" -> choiceIndex = parser.getValueAsInt();
                    case "finish_reason" -> finished |= value != JsonToken.VALUE_NULL;
                    case "text" -> readContent(parser, value, start);
                    case "delta" -> readDelta(parser, value, start);
                    case "logprobs" -> noteMore(parser, value);
                    default -> parser.skipChildren();
                }
            }
            span[1] = offset(parser, start) + 1;
            if (first == null) {
                first = span;
            } else {
                if (spans.isEmpty()) {
                    spans.add(first);
                }
                spans.add(span);
            }
        }
        listEnd = offset(parser, start) + 1;
    }

    private static int offset(JsonParser parser, int start) {
        return start + (int) parser.currentTokenLocation().getByteOffset();
    }

    private void readDelta(JsonParser parser, JsonToken delta, int start) throws IOException {
        if (delta != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return;
        }
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            JsonToken value = parser.nextToken();
            switch (name) {
                case "content" -> readContent(parser, value, start);
                case "role" -> parser.skipChildren();
                default -> noteMore(parser, value);
            }
        }
    }

    /** Something that would be lost with its event: tool calls, reasoning, log probabilities. */
    private void noteMore(JsonParser parser, JsonToken value) throws IOException {
        boolean empty =
                value == JsonToken.VALUE_NULL || (value == JsonToken.VALUE_STRING && parser.getTextLength() == 0);
        if (value == JsonToken.START_ARRAY) {
            empty = parser.nextToken() == JsonToken.END_ARRAY;
            while (!empty && parser.currentToken() != JsonToken.END_ARRAY) {
                parser.skipChildren();
                parser.nextToken();
            }
        }
        parser.skipChildren();
        more |= !empty;
    }

    private void readContent(JsonParser parser, JsonToken value, int start) {
        if (value != JsonToken.VALUE_STRING) {
            return;
        }
        int at = offset(parser, start) + 1;
        contentStart = at;
        while (event[at] != '"') {
            at += event[at] == '\\' ? 2 : 1;
        }
        contentEnd = at;
    }
}
