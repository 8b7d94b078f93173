package dev.weir.server.sim;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** The {@code usage} object of OpenAI-shaped answers. *Any thread.* */
final class Usage {
    private Usage() {}

    static ObjectNode plain(int promptTokens, int completionTokens) {
        return Json.object()
                .put("prompt_tokens", promptTokens)
                .put("completion_tokens", completionTokens)
                .put("total_tokens", promptTokens + completionTokens);
    }

    static ObjectNode plain(Answer answer) {
        return plain(answer.promptTokens(), answer.completionTokens());
    }

    /** With the breakdown OpenAI adds to chat answers. */
    static ObjectNode detailed(Answer answer) {
        ObjectNode usage = plain(answer);
        usage.putObject("prompt_tokens_details").put("cached_tokens", 0).put("audio_tokens", 0);
        usage.putObject("completion_tokens_details")
                .put("reasoning_tokens", 0)
                .put("audio_tokens", 0)
                .put("accepted_prediction_tokens", 0)
                .put("rejected_prediction_tokens", 0);
        return usage;
    }
}
