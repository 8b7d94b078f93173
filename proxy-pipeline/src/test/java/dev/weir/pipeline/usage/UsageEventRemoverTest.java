package dev.weir.pipeline.usage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Downstream;
import dev.weir.core.GatewayException;
import dev.weir.core.ResponseHead;
import dev.weir.core.Upstream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The event that tells the usage goes, and no other byte, however the stream is cut. JSON is written with apostrophes. */
final class UsageEventRemoverTest {
    private static final String USAGE =
            event("{'id':'c','choices':[],'usage':{'prompt_tokens':12,'completion_tokens':5,'total_tokens':17}}");

    private final Sink sink = new Sink();

    private static String event(String json) {
        return ("data: " + json + "\n\n").replace('\'', '"');
    }

    private static String chunk(String content) {
        return event("{'id':'c','choices':[{'index':0,'delta':{'content':'" + content + "'}}],'usage':null}");
    }

    @Test
    void theEventGoesWhereverTheStreamIsCut() {
        String before = chunk("a") + ": ping\n\n" + chunk("choices:[]");
        String after = "data: [DONE]\n\n";
        byte[] stream = (before + USAGE + after).getBytes(UTF_8);
        for (int first = 0; first <= stream.length; first++) {
            for (int second = first; second <= stream.length; second += 7 + 2 * (second - first)) {
                assertThat(removed(stream, first, second)).isEqualTo(before + after);
            }
        }
    }

    @Test
    void randomStreamsInRandomPartsLoseNothingElse() {
        Random random = new Random(11);
        for (int round = 0; round < 250; round++) {
            StringBuilder kept = new StringBuilder();
            StringBuilder all = new StringBuilder();
            for (int i = random.nextInt(8); i >= 0; i--) {
                boolean usage = random.nextInt(4) == 0;
                String event = usage ? variant(random, USAGE) : variant(random, other(random));
                all.append(event);
                kept.append(usage ? "" : event);
            }
            String unfinished = random.nextInt(3) == 0 ? "data: {\"choices\":[" : "";
            byte[] stream = all.append(unfinished).toString().getBytes(UTF_8);
            int[] cuts = random.ints(random.nextInt(10), 0, stream.length + 1)
                    .sorted()
                    .toArray();

            assertThat(removed(stream, cuts)).isEqualTo(kept.append(unfinished).toString());
        }
    }

    private static String variant(Random random, String event) {
        return switch (random.nextInt(4)) {
            case 0 -> event.replace("\n", "\r\n");
            case 1 -> "event: chunk\n" + event;
            case 2 -> event.replace("\":", "\": ").replace("[]", "[ ]");
            default -> event;
        };
    }

    private static String other(Random random) {
        return switch (random.nextInt(7)) {
            case 0 -> event("{'choices':[],'prompt_filter_results':[],'usage':null}");
            case 1 -> event("{'choices':[{'delta':{'content':'a'}}],'usage':{'prompt_tokens':1}}");
            case 2 -> ": ping\n\n";
            case 3 -> "\n";
            case 4 -> chunk("x".repeat(random.nextInt(300)));
            case 5 -> chunk("\\'choices\\':[],\\'usage\\':{");
            default -> "data: [DONE]\n\n";
        };
    }

    @Test
    void anEventThatIsTooLongPassesAsItComes() {
        String longOne = chunk("x".repeat(200_000));
        byte[] stream = (longOne + USAGE + longOne + chunk("a")).getBytes(UTF_8);
        for (int size : new int[] {1_000, 4_099, 70_000}) {
            int[] cuts = new int[stream.length / size];
            for (int i = 0; i < cuts.length; i++) {
                cuts[i] = (i + 1) * size;
            }

            assertThat(removed(stream, cuts)).isEqualTo(longOne + longOne + chunk("a"));
            assertThat(sink.most).isLessThan(70_000 + 70_000);
        }
    }

    @Test
    void wholeEventsGoOnAsTheyAre() {
        UsageEventRemover remover = new UsageEventRemover();
        ByteBuf part = Unpooled.copiedBuffer(chunk("a") + chunk("b"), UTF_8);

        remover.add(part, false, false, sink);

        assertThat(sink.parts).singleElement().isSameAs(part);
        assertThat(sink.text()).isEqualTo(chunk("a") + chunk("b"));
    }

    @Test
    void whatIsHeldGoesOnWhenTheStreamBreaksOff() {
        UsageEventRemover remover = new UsageEventRemover();
        remover.add(Unpooled.copiedBuffer(chunk("a") + "data: {", UTF_8), false, false, sink);

        remover.giveUp(sink);
        remover.release();

        assertThat(sink.text()).isEqualTo(chunk("a") + "data: {");
    }

    @Test
    void whatIsHeldIsReleasedWhenTheClientLeaves() {
        UsageEventRemover remover = new UsageEventRemover();
        ByteBuf part = Unpooled.copiedBuffer("data: {", UTF_8);
        remover.add(part, false, false, sink);

        remover.release();

        assertThat(part.refCnt()).isZero();
        assertThat(sink.parts).isEmpty();
    }

    /** Has the stream pass in parts that end at {@code cuts}; usage is told as soon as it stands in what passed. */
    private String removed(byte[] stream, int... cuts) {
        UsageEventRemover remover = new UsageEventRemover();
        int at = 0;
        for (int cut : cuts) {
            remover.add(Unpooled.copiedBuffer(stream, at, cut - at), false, isTold(stream, cut), sink);
            at = cut;
        }
        remover.add(Unpooled.copiedBuffer(stream, at, stream.length - at), true, isTold(stream, stream.length), sink);
        return sink.text();
    }

    /** As the counter says: only once the object has ended. */
    private static boolean isTold(byte[] stream, int end) {
        AnswerScan scan = new AnswerScan();
        scan.add(Unpooled.wrappedBuffer(stream, 0, end));
        return scan.reported().isSaid();
    }

    private static final class Sink implements Downstream {
        private final List<ByteBuf> parts = new ArrayList<>();
        private int most;

        /** What was written; forgets it. */
        String text() {
            StringBuilder text = new StringBuilder();
            for (ByteBuf part : parts) {
                text.append(part.toString(UTF_8));
                part.release();
            }
            parts.clear();
            return text.toString();
        }

        @Override
        public void writeBody(ByteBuf part, boolean last) {
            most = Math.max(most, part.readableBytes());
            parts.add(part);
        }

        @Override
        public void writeHead(ResponseHead head) {}

        @Override
        public void flush() {}

        @Override
        public void fail(GatewayException failure) {}

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public void attach(Upstream upstream) {}

        @Override
        public void resumeRequest() {}
    }
}
