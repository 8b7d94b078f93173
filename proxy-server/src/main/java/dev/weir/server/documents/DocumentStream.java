package dev.weir.server.documents;

import dev.weir.core.Downstream;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Upstream;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A file on its way to a client, a piece at a time: read in the background, written on the event loop, and no faster than the
 * client takes it. Runs on the event loop but for {@link #open} and what it hands to the background.
 */
final class DocumentStream implements Upstream {
    private static final int PIECE_BYTES = 64 * 1024;

    private final DocumentTree.Document document;
    private final SeekableByteChannel file;
    private final EventLoop eventLoop;
    private final Downstream downstream;
    private final Executor background;
    private final Runnable whenDone;
    private long left;
    private boolean reading;
    private boolean over;

    private DocumentStream(
            DocumentTree.Document document,
            SeekableByteChannel file,
            EventLoop eventLoop,
            Downstream downstream,
            Executor background,
            Runnable whenDone) {
        this.document = document;
        this.file = file;
        this.eventLoop = eventLoop;
        this.downstream = downstream;
        this.background = background;
        this.whenDone = whenDone;
        this.left = document.bytes();
    }

    /** Opens the file; {@code whenDone} is called once, when it is closed. */
    static DocumentStream open(
            DocumentTree.Document document,
            EventLoop eventLoop,
            Downstream downstream,
            Executor background,
            Runnable whenDone)
            throws IOException {
        SeekableByteChannel file = Files.newByteChannel(document.file(), StandardOpenOption.READ);
        return new DocumentStream(document, file, eventLoop, downstream, background, whenDone);
    }

    void begin() {
        downstream.attach(this);
        downstream.writeHead(document.head(200));
        more();
    }

    private void more() {
        if (over || reading || !downstream.isWritable()) {
            return;
        }
        if (left == 0) {
            end();
            downstream.writeBody(Unpooled.EMPTY_BUFFER, true);
            downstream.flush();
            return;
        }
        reading = true;
        int wanted = (int) Math.min(PIECE_BYTES, left);
        background.execute(() -> {
            ByteBuffer piece = ByteBuffer.allocate(wanted);
            IOException failure = read(piece);
            eventLoop.execute(() -> deliver(piece, failure));
        });
    }

    /** Null when all went well. In the background. */
    private @Nullable IOException read(ByteBuffer piece) {
        try {
            while (piece.hasRemaining()) {
                if (file.read(piece) < 0) {
                    return new IOException("the file became shorter");
                }
            }
            piece.flip();
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    private void deliver(ByteBuffer piece, @Nullable IOException failure) {
        reading = false;
        if (over) {
            close();
        } else if (failure != null) {
            end();
            downstream.fail(new GatewayException(GatewayError.INTERNAL, "a document could not be read", failure));
        } else {
            left -= piece.remaining();
            downstream.writeBody(Unpooled.wrappedBuffer(piece), false);
            downstream.flush();
            more();
        }
    }

    @Override
    public void resume() {
        more();
    }

    @Override
    public void cancel() {
        if (!over) {
            end();
        }
    }

    private void end() {
        over = true;
        if (!reading) {
            close();
        }
    }

    private void close() {
        background.execute(() -> {
            try {
                file.close();
            } catch (IOException e) {
                // It was only read.
            } finally {
                whenDone.run();
            }
        });
    }
}
