package dev.weir.server.sim;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** How each API words an error. *Any thread.* */
enum ErrorStyle {
    /** Ollama's native API: {@code {"error":"text"}}. */
    OLLAMA {
        @Override
        ObjectNode render(SimError error) {
            return Json.object().put("error", error.text());
        }
    },
    /** Ollama's {@code /v1}: OpenAI's object with three types and never a code. */
    OLLAMA_V1 {
        @Override
        ObjectNode render(SimError error) {
            String type = switch (error.status()) {
                case 400 -> "invalid_request_error";
                case 404 -> "not_found_error";
                default -> "api_error";
            };
            ObjectNode body = Json.object();
            body.putObject("error")
                    .put("message", error.text())
                    .put("type", type)
                    .putNull("param")
                    .putNull("code");
            return body;
        }
    },
    /** OpenAI's object, all four keys present. */
    OPENAI {
        @Override
        ObjectNode render(SimError error) {
            String type = error.status() >= 500
                    ? "server_error"
                    : error.status() == 429 ? "rate_limit_error" : "invalid_request_error";
            ObjectNode body = Json.object();
            body.putObject("error")
                    .put("message", error.text())
                    .put("type", type)
                    .put("param", error.param())
                    .put("code", error.code());
            return body;
        }
    },
    /** Anthropic's object on {@code /v1/messages}. */
    ANTHROPIC {
        @Override
        ObjectNode render(SimError error) {
            String type = switch (error.status()) {
                case 400, 405 -> "invalid_request_error";
                case 401 -> "authentication_error";
                case 404 -> "not_found_error";
                case 413 -> "request_too_large";
                case 429 -> "rate_limit_error";
                case 503, 529 -> "overloaded_error";
                default -> "api_error";
            };
            ObjectNode body = Json.object().put("type", "error");
            body.putObject("error").put("type", type).put("message", error.text());
            return body.putNull("request_id");
        }
    };

    abstract ObjectNode render(SimError error);

    static ErrorStyle of(SimKind kind, String path) {
        if (path.startsWith("/v1/messages")) {
            return ANTHROPIC;
        }
        if (kind == SimKind.OPENAI) {
            return OPENAI;
        }
        return path.startsWith("/v1/") ? OLLAMA_V1 : OLLAMA;
    }
}
