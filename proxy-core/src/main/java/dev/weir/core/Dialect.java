package dev.weir.core;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** How errors look to a route's clients. */
public enum Dialect {
    /** {@code {"error": {"message", "type", "param", "code"}}}. */
    OPENAI {
        @Override
        String render(GatewayException failure, String requestId) {
            GatewayError error = failure.error();
            return "{\"error\":{\"message\":" + quote(failure.detail()) + ",\"type\":" + quote(error.type())
                    + ",\"param\":" + quote(failure.param()) + ",\"code\":" + quote(error.code()) + "}}";
        }
    },
    /** {@code {"error": "text"}}. */
    OLLAMA {
        @Override
        String render(GatewayException failure, String requestId) {
            return "{\"error\":" + quote(failure.detail()) + "}";
        }

        /** A line of its own: Ollama's streams are newline-delimited JSON. */
        @Override
        public byte[] event(GatewayException failure, String requestId) {
            return (render(failure, requestId) + "\n").getBytes(StandardCharsets.UTF_8);
        }
    },
    /** {@code {"type": "error", "error": {"type", "message"}, "request_id"}}. */
    ANTHROPIC {
        @Override
        String render(GatewayException failure, String requestId) {
            return "{\"type\":\"error\",\"error\":{\"type\":\"" + anthropicType(failure.error()) + "\",\"message\":"
                    + quote(failure.detail()) + "},\"request_id\":" + quote(requestId) + "}";
        }

        @Override
        String eventPrefix() {
            return "event: error\ndata: ";
        }
    };

    abstract String render(GatewayException failure, String requestId);

    String eventPrefix() {
        return "data: ";
    }

    /** The error as an answer's JSON body. */
    public byte[] body(GatewayException failure, String requestId) {
        return render(failure, requestId).getBytes(StandardCharsets.UTF_8);
    }

    /** The error as an element of a stream: a server-sent event, or a line. */
    public byte[] event(GatewayException failure, String requestId) {
        return (eventPrefix() + render(failure, requestId) + "\n\n").getBytes(StandardCharsets.UTF_8);
    }

    private static String anthropicType(GatewayError error) {
        return switch (error.status()) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 503 -> "overloaded_error";
            case 504 -> "timeout_error";
            default -> error.status() < 500 ? "invalid_request_error" : "api_error";
        };
    }

    /** A JSON string, or {@code null} (RFC 8259 section 7). */
    private static String quote(@Nullable String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder json = new StringBuilder(text.length() + 16).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c == '\n') {
                json.append("\\n");
            } else if (c < 0x20 || c == 0x7f) {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
