package dev.weir.pipeline.cors;

import dev.weir.core.Downstream;
import dev.weir.core.Headers;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import org.jspecify.annotations.Nullable;

/**
 * Puts Weir's CORS headers in the place of the backend's, on errors too: two values of one field and a browser refuses the
 * answer. Immutable, so that exchanges can share one; runs on the event loop.
 */
final class CorsFilter implements ResponseFilter {
    private static final String FIELDS = "access-control-";

    private final @Nullable String allowOrigin;
    private final boolean varies;
    private final boolean credentials;
    private final ExposedHeaders exposed;

    /** Null for {@code allowOrigin} allows nothing. */
    CorsFilter(@Nullable String allowOrigin, boolean varies, boolean credentials, ExposedHeaders exposed) {
        this.allowOrigin = allowOrigin;
        this.varies = varies;
        this.credentials = credentials;
        this.exposed = exposed;
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        Headers headers = head.headers();
        headers.removeIf(CorsFilter::isOfCors);
        if (varies && !headers.containsToken("Vary", "Origin") && !headers.containsToken("Vary", "*")) {
            headers.add("Vary", "Origin");
        }
        if (allowOrigin != null) {
            headers.add("Access-Control-Allow-Origin", allowOrigin);
            if (credentials) {
                headers.add("Access-Control-Allow-Credentials", "true");
            }
            String names = exposed.of(headers);
            if (!names.isEmpty()) {
                headers.add("Access-Control-Expose-Headers", names);
            }
        }
        next.writeHead(head);
    }

    private static boolean isOfCors(String name) {
        return name.length() > FIELDS.length() && name.regionMatches(true, 0, FIELDS, 0, FIELDS.length());
    }
}
