package dev.weir.backends;

import dev.weir.core.Headers;
import dev.weir.core.ResponseHead;
import java.util.Objects;

/**
 * The head with which Weir begins a stream itself. It names whoever is asked then; if another one comes to answer, a comment
 * says so. Runs on the event loop.
 */
final class OpenedHead {
    private static final String BACKEND = "x-weir-backend";
    private static final String MODEL = "x-weir-model";

    private final ResponseHead head = new ResponseHead(
            200,
            "OK",
            new Headers()
                    .add("Content-Type", "text/event-stream; charset=utf-8")
                    .add("Cache-Control", "no-cache")
                    .add("x-accel-buffering", "no"),
            ResponseHead.UNKNOWN);
    private final String backend;
    private final String model;

    /** @param source who is asked */
    OpenedHead(EventStreamGuard.Source source) {
        source.nameIn(head.headers());
        this.backend = Objects.requireNonNullElse(head.headers().get(BACKEND), "");
        this.model = Objects.requireNonNullElse(head.headers().get(MODEL), "");
    }

    ResponseHead head() {
        return head;
    }

    /** The comment to put before {@code answer}'s body: who answers, if this head does not say so; or the empty string. */
    String correctionFor(ResponseHead answer) {
        String answering = answer.headers().get(BACKEND);
        String answeringModel = answer.headers().get(MODEL);
        if (answering == null
                || answeringModel == null
                || (answering.equals(backend) && answeringModel.equals(model))) {
            return "";
        }
        return ": weir backend=" + answering + " model=" + answeringModel + "\n\n";
    }
}
