package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditEntry.Body;
import dev.weir.pipeline.audit.AuditEntry.Call;
import dev.weir.pipeline.audit.AuditEntry.Result;
import dev.weir.pipeline.audit.AuditEntry.Sender;
import dev.weir.pipeline.audit.AuditEntry.Service;
import dev.weir.pipeline.audit.AuditEntry.Timing;
import dev.weir.pipeline.audit.AuditEntry.Traffic;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Rows as bytes, for the spill. */
final class RowCodec {
    private static final byte VERSION = 2;

    /** Without a word of whether it stands alone. */
    private static final byte FIRST_VERSION = 1;

    private static final int NO_BODY = 0;
    private static final int WHOLE_BODY = 1;
    private static final int CUT_BODY = 2;

    private RowCodec() {}

    static byte[] encode(AuditRow row) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(row.weight());
        DataOutputStream out = new DataOutputStream(bytes);
        AuditEntry entry = row.entry();
        out.writeByte(VERSION);
        out.writeLong(row.sequence());
        out.writeBoolean(row.alone());
        text(out, row.title());
        out.writeLong(entry.timeMillis());
        text(out, entry.requestId());
        text(out, entry.sender().keyId());
        text(out, entry.sender().keyName());
        text(out, entry.sender().user());
        text(out, entry.sender().client());
        text(out, entry.call().method());
        text(out, entry.call().route());
        text(out, entry.call().path());
        text(out, entry.call().model());
        text(out, entry.call().conversation());
        out.writeBoolean(entry.call().stream());
        text(out, entry.service().model());
        text(out, entry.service().backend());
        out.writeInt(entry.service().attempts());
        text(out, entry.service().cache());
        out.writeInt(entry.result().status());
        text(out, entry.result().outcome());
        text(out, entry.result().error());
        text(out, entry.result().errorMessage());
        out.writeLong(entry.timing().totalMicros());
        out.writeLong(entry.timing().firstByteMicros());
        out.writeLong(entry.timing().queueMicros());
        out.writeLong(entry.traffic().requestBytes());
        out.writeLong(entry.traffic().responseBytes());
        out.writeLong(entry.traffic().promptTokens());
        out.writeLong(entry.traffic().completionTokens());
        out.writeBoolean(entry.traffic().estimated());
        body(out, entry.request());
        body(out, entry.response());
        return bytes.toByteArray();
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        text(out, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void text(DataOutputStream out, byte[] utf8) throws IOException {
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    private static void body(DataOutputStream out, @Nullable Body body) throws IOException {
        out.writeByte(body == null ? NO_BODY : body.cut() ? CUT_BODY : WHOLE_BODY);
        if (body != null) {
            text(out, body.utf8());
        }
    }

    /** @throws IOException if this is no row, or one of another version */
    static AuditRow decode(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        int version = in.readByte();
        if (version != VERSION && version != FIRST_VERSION) {
            throw new IOException("a row of version " + version + " (expected: at most " + VERSION + ")");
        }
        long sequence = in.readLong();
        boolean alone = version != FIRST_VERSION && in.readBoolean();
        String title = text(in);
        AuditEntry entry = new AuditEntry(
                in.readLong(),
                text(in),
                new Sender(text(in), text(in), text(in), text(in)),
                new Call(text(in), text(in), text(in), text(in), text(in), in.readBoolean()),
                new Service(text(in), text(in), in.readInt(), text(in)),
                new Result(in.readInt(), text(in), text(in), text(in)),
                new Timing(in.readLong(), in.readLong(), in.readLong()),
                new Traffic(in.readLong(), in.readLong(), in.readLong(), in.readLong(), in.readBoolean()),
                body(in),
                body(in));
        return new AuditRow(sequence, entry, title, alone);
    }

    private static String text(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("a text of " + length + " bytes");
        }
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    private static @Nullable Body body(DataInputStream in) throws IOException {
        int kind = in.readByte();
        return kind == NO_BODY ? null : new Body(text(in), kind == CUT_BODY);
    }
}
