package dev.weir.core;

import io.netty.handler.codec.http.HttpResponseStatus;

/** Reason phrases of Weir's own answers. */
final class Reasons {
    private Reasons() {}

    static String of(int status) {
        return HttpResponseStatus.valueOf(status).reasonPhrase();
    }
}
