package dev.weir.pipeline.audit;

import dev.weir.core.Dispatch;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.ModelRequest;
import dev.weir.core.Outcome;
import dev.weir.core.Progress;
import dev.weir.core.RequestHead;
import dev.weir.core.TokenUsage;
import dev.weir.pipeline.audit.AuditEntry.Body;
import dev.weir.pipeline.audit.AuditEntry.Call;
import dev.weir.pipeline.audit.AuditEntry.Result;
import dev.weir.pipeline.audit.AuditEntry.Sender;
import dev.weir.pipeline.audit.AuditEntry.Service;
import dev.weir.pipeline.audit.AuditEntry.Timing;
import dev.weir.pipeline.audit.AuditEntry.Traffic;
import java.net.InetAddress;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What an event loop notes of an exchange that is over: references and numbers, so that it costs little there and holds
 * neither connection nor exchange. The writer's thread makes an entry of it.
 */
final class AuditRecord {
    private static final int MAX_NAME_CHARS = 256;
    private static final int MAX_PATH_CHARS = 1_024;
    private static final int MAX_MESSAGE_CHARS = 500;

    private final long timeMillis;
    private final long totalNanos;
    private final long firstByteNanos;
    private final String id;
    private final @Nullable Identity identity;
    private final InetAddress client;
    private final RequestHead head;
    private final String route;
    private final @Nullable ModelRequest model;
    private final @Nullable Dispatch dispatch;
    private final @Nullable TokenUsage usage;
    private final Progress progress;
    private final Outcome outcome;
    private final Redaction redaction;
    private final RequestFacts facts;
    private final @Nullable BodyCopy question;
    private final @Nullable BodyCopy answer;
    private final boolean stream;
    private final String cache;

    /** On the event loop, when the exchange is over. Takes the copies. */
    AuditRecord(
            Exchange exchange,
            Progress progress,
            Outcome outcome,
            Redaction redaction,
            RequestFacts facts,
            @Nullable BodyCopy question,
            @Nullable BodyCopy answer,
            boolean stream,
            String cache) {
        long startNanos = exchange.startNanos();
        this.totalNanos = System.nanoTime() - startNanos;
        this.timeMillis = System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(totalNanos);
        this.firstByteNanos = progress.headNanos() == 0 ? 0 : progress.headNanos() - startNanos;
        this.id = exchange.id();
        this.identity = exchange.get(Identity.KEY);
        this.client = exchange.clientAddress();
        this.head = exchange.request();
        this.route = exchange.route().name();
        this.model = exchange.get(ModelRequest.KEY);
        this.dispatch = exchange.get(Dispatch.KEY);
        this.usage = exchange.get(TokenUsage.KEY);
        this.progress = progress;
        this.outcome = outcome;
        this.redaction = redaction;
        this.facts = facts;
        this.question = question;
        this.answer = answer;
        this.stream = stream;
        this.cache = cache;
    }

    /** Gives back what the copies took. */
    void release() {
        if (question != null) {
            question.release();
        }
        if (answer != null) {
            answer.release();
        }
    }

    /** On the writer's thread. */
    AuditRow row(long sequence) {
        Body request = body(question);
        boolean chat = model != null && Chats.isChat(head.path());
        RequestFacts known =
                chat && request != null ? RequestFacts.read(request.text()).orElse(facts) : facts;
        String named = chat ? conversation(known) : "";
        AuditEntry entry = new AuditEntry(
                timeMillis,
                id,
                sender(known),
                call(chat && named.isEmpty() ? id : named),
                service(),
                result(),
                timing(),
                traffic(),
                request,
                body(answer));
        return new AuditRow(sequence, entry, known.title(), chat && named.isEmpty());
    }

    private @Nullable Body body(@Nullable BodyCopy copy) {
        if (copy == null) {
            return null;
        }
        String text = redaction.redact(copy.text(), copy.isCut());
        return new Body(Texts.bounded(text, text.length()), copy.isCut());
    }

    private Sender sender(RequestFacts known) {
        String name = identity == null ? "" : Texts.bounded(identity.name(), MAX_NAME_CHARS);
        return new Sender(
                identity == null ? "" : identity.id(),
                name,
                known.user().isEmpty() ? name : known.user(),
                client.getHostAddress());
    }

    /** What the sender calls it; empty if he does not say. */
    private String conversation(RequestFacts known) {
        String named = Texts.bounded(head.headers().get("x-conversation-id"), MAX_NAME_CHARS);
        return named.isEmpty() ? known.conversation() : named;
    }

    private Call call(String conversation) {
        return new Call(
                Texts.bounded(head.method(), MAX_NAME_CHARS),
                route,
                Texts.bounded(head.path(), MAX_PATH_CHARS),
                model == null ? "" : Texts.bounded(model.model(), MAX_NAME_CHARS),
                conversation,
                stream);
    }

    private Service service() {
        return dispatch == null
                ? new Service("", "", 0, cache)
                : new Service(dispatch.model(), dispatch.backend(), dispatch.attempts(), cache);
    }

    private Result result() {
        GatewayException failure = outcome.failure();
        return new Result(
                progress.status(),
                outcome.end().name().toLowerCase(Locale.ROOT),
                failure == null ? "" : failure.error().name().toLowerCase(Locale.ROOT),
                failure == null ? "" : Texts.bounded(failure.detail(), MAX_MESSAGE_CHARS));
    }

    private Timing timing() {
        return new Timing(
                TimeUnit.NANOSECONDS.toMicros(totalNanos),
                TimeUnit.NANOSECONDS.toMicros(firstByteNanos),
                dispatch == null ? 0 : TimeUnit.NANOSECONDS.toMicros(dispatch.queuedNanos()));
    }

    private Traffic traffic() {
        return new Traffic(
                progress.requestBytes(),
                progress.responseBytes(),
                usage == null ? 0 : usage.promptTokens(),
                usage == null ? 0 : usage.completionTokens(),
                usage != null && usage.isEstimated());
    }
}
