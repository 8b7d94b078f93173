package dev.weir.bench;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the load sends.
 *
 * @param body empty for a GET; may hold {@link #NUMBER}, in whose place each one that is sent has a number of its own
 */
record Request(String path, String contentType, String body) {
    private static final String CHAT_HEAD = """
            {"model":"m","messages":[{"role":"system","content":"You are a helpful assistant who answers briefly and to the \
            point, in plain words, without any markup."},{"role":"user","content":\"""";
    private static final String QUESTION = """
            Why is the sky blue on a clear day, and why does it turn red in the evening when the sun goes down? Please explain \
            it to a child of ten years who likes to read about space and rockets and planets.""";

    private static final String NUMBER = "number 000000000000";
    private static final int DIGITS = 12;

    /** More than one script sends. */
    private static final long NUMBERS_OF_A_SCRIPT = 1_000_000_000;

    private static final AtomicLong NUMBERS = new AtomicLong();

    /** A chat of some 430 bytes. */
    static Request chat() {
        return chat("m");
    }

    static Request chat(String model) {
        return chat(model, QUESTION, 0.7, false);
    }

    /** The same, answered with a stream. */
    static Request streamedChat() {
        return chat("m", QUESTION, 0.7, true);
    }

    /** One that has the same answer each time, so that a cache keeps it; but nobody has asked it before. */
    static Request newQuestion() {
        return chat("m", NUMBER + ": " + QUESTION, 0, false);
    }

    /** A chat whose body has about {@code bytes}. */
    static Request chatOf(int bytes) {
        return chat(
                "m",
                (QUESTION + " ").repeat(bytes / (QUESTION.length() + 1) + 1).substring(0, bytes - 250),
                0.7,
                false);
    }

    private static Request chat(String model, String question, double temperature, boolean stream) {
        String body = CHAT_HEAD.replace("\"m\"", "\"" + model + "\"") + question
                + "\"}],\"temperature\":" + temperature + ",\"max_tokens\":200,\"user\":\"u-42\""
                + (stream ? ",\"stream\":true}" : "}");
        return new Request("/v1/chat/completions", "application/json", body);
    }

    static Request get(String path) {
        return new Request(path, "", "");
    }

    String method() {
        return body.isEmpty() ? "GET" : "POST";
    }

    Map<String, String> headers(Peer peer) {
        Map<String, String> headers = new LinkedHashMap<>(peer.headers());
        if (!body.isEmpty()) {
            headers.put("Content-Type", contentType);
        }
        return headers;
    }

    /** A script for wrk that sends this. */
    String lua(Peer peer) {
        StringBuilder lua = new StringBuilder(body.length() + 512);
        lua.append("wrk.method=\"")
                .append(method())
                .append("\"\nwrk.path=\"")
                .append(path)
                .append("\"\n");
        headers(peer)
                .forEach((name, value) -> lua.append("wrk.headers[\"")
                        .append(name)
                        .append("\"]=\"")
                        .append(value)
                        .append("\"\n"));
        if (!body.isEmpty()) {
            lua.append("wrk.body=[[").append(body).append("]]\n");
        }
        if (body.contains(NUMBER)) {
            lua.append("local number=")
                    .append(NUMBERS.getAndAdd(NUMBERS_OF_A_SCRIPT))
                    .append("\nlocal before,behind=wrk.body:match(\"^(.*number )%d+(.*)$\")\n")
                    .append("function request() number=number+1; return wrk.format(nil,nil,nil,")
                    .append("before..string.format(\"%0" + DIGITS + "d\",number)..behind) end\n");
        }
        return lua.toString();
    }

    /** The bytes to send to {@code peer}. */
    byte[] wire(Peer peer) {
        StringBuilder head = new StringBuilder(256);
        head.append(method()).append(' ').append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        headers(peer)
                .forEach((name, value) ->
                        head.append(name).append(": ").append(value).append("\r\n"));
        if (!body.isEmpty()) {
            head.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        return (head + "\r\n" + body).getBytes(StandardCharsets.US_ASCII);
    }

    /** Gives what {@link #wire} made its number, if it has one. */
    static void number(byte[] wire, int numberEnd) {
        long left = NUMBERS.incrementAndGet();
        for (int i = numberEnd - 1; i >= numberEnd - DIGITS; i--) {
            wire[i] = (byte) ('0' + left % 10);
            left /= 10;
        }
    }

    /** Behind the number in what {@link #wire} makes; 0 if there is none. */
    int numberEnd(Peer peer) {
        int start = new String(wire(peer), StandardCharsets.US_ASCII).indexOf(NUMBER);
        return start < 0 ? 0 : start + NUMBER.length();
    }
}
