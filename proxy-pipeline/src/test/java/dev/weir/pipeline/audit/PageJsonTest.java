package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.pipeline.audit.AuditEntry.Body;
import dev.weir.pipeline.audit.AuditEntry.Call;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PageJsonTest {
    private static final int ROUNDS = 2_000;

    private static byte[] encode(List<AuditRow> rows) {
        return PageJson.page(SpillTest.stored(rows));
    }

    private static List<AuditRow> decode(byte[] page, boolean bodies) throws IOException {
        List<AuditRow> rows = new ArrayList<>();
        PageJson.decode(page, 1, bodies, rows::add);
        return rows;
    }

    private static AuditRow row(long number, String path, @Nullable Body request, @Nullable Body response) {
        AuditRow row = SpillTest.row(number, "b");
        AuditEntry entry = row.entry();
        Call call = entry.call();
        return new AuditRow(
                number,
                new AuditEntry(
                        entry.timeMillis(),
                        entry.requestId(),
                        entry.sender(),
                        new Call(call.method(), call.route(), path, call.model(), call.conversation(), call.stream()),
                        entry.service(),
                        entry.result(),
                        entry.timing(),
                        entry.traffic(),
                        request,
                        response),
                row.alone() ? row.title() : "",
                row.alone());
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int left = random.nextInt(20); left > 0; left--) {
            text.append(List.of("a", "\"", "\\", "\n", "\t", "\u0001", "\u007f", "é", "\u2028", "你", "😀", "]", ",")
                    .get(random.nextInt(13)));
        }
        return text.toString();
    }

    private static @Nullable Body body(Random random) {
        return random.nextInt(3) == 0 ? null : new Body(text(random), random.nextBoolean());
    }

    @Test
    void recordsAreReadAsTheyWereWritten() throws Exception {
        Random random = new Random(3);
        for (int i = 0; i < ROUNDS; i++) {
            List<AuditRow> rows = new ArrayList<>();
            for (int number = 1; number <= 1 + random.nextInt(3); number++) {
                rows.add(row(number, text(random), body(random), body(random)));
            }

            assertThat(decode(encode(rows), true)).isEqualTo(rows);
        }
    }

    @Test
    void whatIsWrittenIsWhatALibraryReads() throws Exception {
        List<Long> numbers = List.of(0L, 9L, 10L, 999_999_999L, 1_000_000_000L, -1L, Long.MIN_VALUE, Long.MAX_VALUE);
        String all = IntStream.range(0, 0x250).mapToObj(Character::toString).collect(Collectors.joining());
        String large = all.repeat(200);
        RowBuffer row = RowBuffer.begin();
        numbers.forEach(row::number);
        row.text(all);
        row.text(large.getBytes(StandardCharsets.UTF_8));
        row.text((String) null);
        row.flag(true);

        JsonNode read = new ObjectMapper().readTree(row.end());

        assertThat(read).hasSize(numbers.size() + 4);
        for (int i = 0; i < numbers.size(); i++) {
            assertThat(read.get(i).longValue()).isEqualTo(numbers.get(i));
        }
        assertThat(read.get(numbers.size()).textValue()).isEqualTo(all);
        assertThat(read.get(numbers.size() + 1).textValue()).isEqualTo(large);
        assertThat(read.get(numbers.size() + 2).isNull()).isTrue();
        assertThat(read.get(numbers.size() + 3).intValue()).isEqualTo(1);
    }

    @Test
    void everyOctetIsEscapedWhereverItStandsAmongEight() throws Exception {
        for (char sign = 0; sign < 0x100; sign++) {
            for (int place = 0; place < 17; place++) {
                String text = "x".repeat(place) + sign + "y".repeat(17 - place);
                RowBuffer row = RowBuffer.begin();
                row.text(text.getBytes(StandardCharsets.UTF_8));

                assertThat(new ObjectMapper().readTree(row.end()).get(0).textValue())
                        .isEqualTo(text);
            }
        }
    }

    @Test
    void withoutBodiesTheRestIsRead() throws Exception {
        AuditRow row = row(1, "/p", new Body("question", false), new Body("answer", true));

        assertThat(decode(encode(List.of(row)), false))
                .containsExactly(new AuditRow(1, row.entry().withoutBodies(), row.title(), row.alone()));
    }

    @Test
    void halfACharacterCostsThatCharacterOnly() throws Exception {
        AuditRow row = row(1, "/\ud83d", null, new Body("\ude00x", false));

        AuditEntry read = decode(encode(List.of(row)), true).get(0).entry();
        assertThat(read.call().path()).isEqualTo("/?");
        assertThat(read.response()).isEqualTo(new Body("?x", false));
    }

    @Test
    void pagesThatAreJoinedHoldTheRecordsOfBoth() throws Exception {
        List<AuditRow> rows = List.of(
                row(1, "/1", null, null), row(2, "/2", null, null), row(3, "/3", null, null), row(4, "/4", null, null));

        assertThat(decode(PageJson.join(encode(rows.subList(0, 1)), encode(rows.subList(1, 4))), true))
                .isEqualTo(rows);
    }

    @Test
    void whatALaterVersionAddsIsPassedOver() throws Exception {
        AuditRow row = row(1, "/p", null, null);
        String page = new String(encode(List.of(row)), StandardCharsets.UTF_8);

        assertThat(decode(page.replace("]]", ",7,\"new\"]]").getBytes(StandardCharsets.UTF_8), true))
                .containsExactly(row);
    }

    @Test
    void aPageThatIsNoneIsRefusedWhereverItEnds() {
        byte[] page = encode(List.of(row(1, "/p", null, null)));
        for (int length = 0; length < page.length - 1; length++) {
            byte[] torn = Arrays.copyOf(page, length);
            assertThatThrownBy(() -> decode(torn, true)).isInstanceOf(IOException.class);
        }
    }
}
