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
 * What an event loop notes of an exchange that is over: numbers and a few texts, so that it costs little there, and keeps alive
 * neither the connection, nor the exchange, nor the heads while it waits. The writer's thread makes an entry of it.
 */
final class AuditRecord {
    private static final int MAX_NAME_CHARS = 256;
    private static final int MAX_PATH_CHARS = 1_024;
    private static final int MAX_MESSAGE_CHARS = 500;

    private final long timeMillis;
    private final String id;
    private final @Nullable Identity identity;
    private final InetAddress client;
    private final String method;
    private final String route;
    private final String path;
    private final @Nullable String model;
    private final @Nullable String conversation;
    private final boolean stream;
    private final Service service;
    private final Result result;
    private final Timing timing;
    private final Traffic traffic;
    private final Redaction redaction;
    private final RequestFacts facts;
    private final @Nullable BodyCopy question;
    private final @Nullable BodyCopy answer;

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
        long totalNanos = System.nanoTime() - startNanos;
        RequestHead head = exchange.request();
        ModelRequest asked = exchange.get(ModelRequest.KEY);
        Dispatch dispatch = exchange.get(Dispatch.KEY);
        this.timeMillis = System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(totalNanos);
        this.id = exchange.id();
        this.identity = exchange.get(Identity.KEY);
        this.client = exchange.clientAddress();
        this.method = head.method();
        this.route = exchange.route().name();
        this.path = head.path();
        this.model = asked == null ? null : asked.model();
        this.conversation = head.headers().get("x-conversation-id");
        this.stream = stream;
        this.service = dispatch == null
                ? new Service("", "", 0, cache)
                : new Service(dispatch.model(), dispatch.backend(), dispatch.attempts(), cache);
        this.result = result(progress.status(), outcome);
        this.timing = new Timing(
                TimeUnit.NANOSECONDS.toMicros(totalNanos),
                progress.headNanos() == 0 ? 0 : TimeUnit.NANOSECONDS.toMicros(progress.headNanos() - startNanos),
                dispatch == null ? 0 : TimeUnit.NANOSECONDS.toMicros(dispatch.queuedNanos()));
        this.traffic = traffic(progress, exchange.get(TokenUsage.KEY));
        this.redaction = redaction;
        this.facts = facts;
        this.question = question;
        this.answer = answer;
    }

    private static Result result(int status, Outcome outcome) {
        GatewayException failure = outcome.failure();
        return new Result(
                status,
                outcome.end().label(),
                failure == null ? "" : failure.error().name().toLowerCase(Locale.ROOT),
                failure == null ? "" : Texts.bounded(failure.detail(), MAX_MESSAGE_CHARS));
    }

    private static Traffic traffic(Progress progress, @Nullable TokenUsage usage) {
        return new Traffic(
                progress.requestBytes(),
                progress.responseBytes(),
                usage == null ? 0 : usage.promptTokens(),
                usage == null ? 0 : usage.completionTokens(),
                usage != null && usage.isEstimated());
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
    StoredRow row() {
        Body request = body(question);
        boolean chat = model != null && Chats.isChat(path);
        RequestFacts known =
                chat && request != null ? RequestFacts.read(request).orElse(facts) : facts;
        String named = chat ? conversation(known) : "";
        boolean alone = chat && named.isEmpty();
        AuditEntry entry = new AuditEntry(
                timeMillis,
                id,
                sender(known),
                call(alone ? id : named),
                service,
                result,
                timing,
                traffic,
                request,
                body(answer));
        return StoredRow.of(new AuditRow(0, entry, known.title(), alone));
    }

    private @Nullable Body body(@Nullable BodyCopy copy) {
        return copy == null ? null : redaction.redact(copy.bytes(), copy.isCut());
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
        String named = Texts.bounded(conversation, MAX_NAME_CHARS);
        return named.isEmpty() ? known.conversation() : named;
    }

    private Call call(String conversation) {
        return new Call(
                Texts.bounded(method, MAX_NAME_CHARS),
                route,
                Texts.bounded(path, MAX_PATH_CHARS),
                Texts.bounded(model, MAX_NAME_CHARS),
                conversation,
                stream);
    }
}
