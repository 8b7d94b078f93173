package dev.weir.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReportTest {
    private final Results results = new Results();

    private Report report() {
        return new Report(
                LocalDate.of(2026, 11, 21),
                new Machine(Map.of("processor", "one of 2 cores")),
                3,
                List.of(new ChatCell(), new CacheCell()),
                results);
    }

    private void chats(String peer, double... micros) {
        for (double value : micros) {
            results.add(ChatCell.NAME, ChatCell.point(64), ChatCell.CPU, peer, value);
        }
    }

    @Test
    void aRowHoldsTheMediansOfAllPeersWithTheirSpread() {
        chats(Peer.NGINX, 15, 14.5, 16);
        chats(Peer.WEIR, 20, 19, 22.2);
        assertThat(new MarkdownReport(report()).text())
                .contains("|  | nginx | Weir |")
                .contains("| 64 connections: CPU per chat, µs | 15.0 (14.5–16.0) | 20.0 (19.0–22.2) |");
    }

    @Test
    void theQuantitiesOfOnePeerStandBesideEachOther() {
        for (int keys : new int[] {10, 1_000}) {
            results.add(CacheCell.NAME, keys + " keys", "CPU, µs", Peer.WEIR, 20);
            results.add(CacheCell.NAME, keys + " keys", "RSS, MiB", Peer.WEIR, 140);
        }
        assertThat(new MarkdownReport(report()).text())
                .contains("| Weir | CPU, µs | RSS, MiB |")
                .contains("| 1000 keys | 20.0 | 140 |");
    }

    @Test
    void aGoalIsJudgedByTheMedians() {
        chats(Peer.NGINX, 10);
        chats(Peer.WEIR, 12);
        assertThat(new MarkdownReport(report()).text())
                .contains("| CPU per chat, Weir / nginx | ≤ 1.25 | ≤ 1.00 | 1.20 | kept |")
                .contains("| CPU per cache hit, Weir / nginx | ≤ 1.00 | ≤ 0.80 |  | not measured |");
    }

    @Test
    void aVoidCellHasAReasonAndNoFigures() {
        chats(Peer.WEIR, 12);
        results.voidCell(ChatCell.NAME, "Weir: failed requests");
        assertThat(new MarkdownReport(report()).text())
                .contains("Void: Weir: failed requests")
                .doesNotContain("12.0");
    }

    @Test
    void theFileForProgramsHoldsEveryRound() throws IOException {
        chats(Peer.WEIR, 12, 11, 13);
        JsonNode figure =
                new ObjectMapper().readTree(new JsonReport(report()).text()).at("/figures/0");
        assertThat(figure.get("values")).extracting(JsonNode::asDouble).containsExactly(12.0, 11.0, 13.0);
    }

    @Test
    void chartsAreWellFormed() throws Exception {
        chats(Peer.NGINX, 15, 14, 16);
        chats(Peer.WEIR, 20, 19, 22);
        for (SvgChart chart : report().charts().values()) {
            byte[] svg = chart.text().getBytes(StandardCharsets.UTF_8);
            assertThat(DocumentBuilderFactory.newInstance()
                            .newDocumentBuilder()
                            .parse(new ByteArrayInputStream(svg))
                            .getElementsByTagName("rect")
                            .getLength())
                    .isEqualTo(2);
        }
    }

    @Test
    void aReportIsAPageAFileForProgramsAndItsCharts(@TempDir Path directory) throws IOException {
        chats(Peer.WEIR, 12);
        report().write(directory);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("2026-11-21.md", "2026-11-21.json", "2026-11-21-cpu.svg");
        }
    }
}
