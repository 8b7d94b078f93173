package dev.weir.pipeline.cache;

import dev.weir.core.Dispatch;
import dev.weir.core.Exchange;
import dev.weir.core.Headers;
import dev.weir.core.ModelRequest;
import dev.weir.core.ResponseHead;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the head of an answer says about keeping it. Stateless. */
final class CaptureRules {
    private CaptureRules() {}

    /** Whether an answer with this head may be kept if its body is whole. */
    static boolean allow(ResponseHead head, Exchange exchange) {
        Headers headers = head.headers();
        return head.status() == 200
                && !headers.contains("Content-Encoding")
                && !headers.containsToken("Cache-Control", "no-store")
                && !headers.containsToken("Cache-Control", "private")
                && isOfModelAskedFor(exchange);
    }

    static boolean isJson(ResponseHead head) {
        String type = head.headers().get("Content-Type");
        return type != null && type.regionMatches(true, 0, "application/json", 0, 16);
    }

    /** The answer of a fallback is better than none now, but not for the hour to come. */
    private static boolean isOfModelAskedFor(Exchange exchange) {
        Dispatch dispatch = exchange.get(Dispatch.KEY);
        ModelRequest request = exchange.get(ModelRequest.KEY);
        return dispatch == null
                || request == null
                || dispatch.model().isEmpty()
                || dispatch.model().equals(request.model())
                || tagged(dispatch.model()).equals(tagged(request.model()));
    }

    /** Ollama's names: no tag means {@code :latest}, and case does not matter. */
    private static String tagged(String model) {
        String lower = model.toLowerCase(Locale.ROOT);
        return lower.indexOf(':', lower.lastIndexOf('/') + 1) < 0 ? lower + ":latest" : lower;
    }

    /** The value of a field that entries keep; never null. */
    static String field(ResponseHead head, String name) {
        @Nullable String value = head.headers().get(name);
        return value == null ? "" : value;
    }
}
