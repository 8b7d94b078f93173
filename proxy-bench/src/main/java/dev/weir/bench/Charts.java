package dev.weir.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which figures are drawn. */
final class Charts {
    private static final List<String> BESIDE = List.of(Peer.NGINX, Peer.HAPROXY, Peer.WEIR);

    private final Results results;

    Charts(Results results) {
        this.results = results;
    }

    /** The charts that there are figures for, by name. */
    Map<String, SvgChart> all() {
        Map<String, SvgChart> charts = new LinkedHashMap<>();
        add(
                charts,
                "cpu",
                "Processor time on the proxy, µs",
                List.of(
                        peers("per chat, 64 connections", ChatCell.NAME, ChatCell.point(64), ChatCell.CPU, BESIDE),
                        peers(
                                "per streamed event, 300 streams",
                                StreamCell.NAME,
                                StreamCell.point(300, 20),
                                StreamCell.CPU,
                                BESIDE),
                        peers("per cache hit of 8 KiB", CacheCell.NAME, "", CacheCell.CPU, BESIDE),
                        peers(
                                "per chat at 2,000 a second",
                                RateCell.NAME,
                                ChatCell.point(64),
                                RateCell.CPU,
                                List.of(
                                        Peer.NGINX,
                                        Peer.HAPROXY,
                                        Peer.WEIR_AUTH,
                                        Peer.WEIR,
                                        Peer.WEIR_AUDIT,
                                        Peer.WEIR_BODIES))));
        add(
                charts,
                "latency",
                "Latency added at 2,000 chats a second, µs",
                List.of(
                        peers("p50", RateCell.NAME, ChatCell.point(64), RateCell.added(50), BESIDE),
                        peers("p90", RateCell.NAME, ChatCell.point(64), RateCell.added(90), BESIDE),
                        peers("p99", RateCell.NAME, ChatCell.point(64), RateCell.added(99), BESIDE)));
        add(
                charts,
                "growth",
                "Weir: processor time per chat as things grow, µs",
                List.of(
                        points("keys", GrowthCell.name(GrowthCell.Of.KEYS)),
                        points("backends of one model", GrowthCell.name(GrowthCell.Of.BACKENDS)),
                        points("models", GrowthCell.name(GrowthCell.Of.MODELS)),
                        points("client connections", ConnectionCell.NAME)));
        return charts;
    }

    private static void add(Map<String, SvgChart> charts, String name, String title, List<SvgChart.Group> groups) {
        List<SvgChart.Group> filled =
                groups.stream().filter(group -> !group.bars().isEmpty()).toList();
        if (!filled.isEmpty()) {
            charts.put(name, new SvgChart(title, filled));
        }
    }

    private SvgChart.Group peers(String label, String cell, String point, String quantity, List<String> peers) {
        List<SvgChart.Bar> bars = new ArrayList<>();
        for (String peer : peers) {
            results.figures(cell).stream()
                    .filter(figure -> figure.point().equals(point))
                    .filter(figure -> figure.quantity().equals(quantity))
                    .filter(figure -> figure.peer().equals(peer))
                    .forEach(figure -> bars.add(SvgChart.Bar.of(peer, figure)));
        }
        return new SvgChart.Group(label, bars);
    }

    private SvgChart.Group points(String label, String cell) {
        List<SvgChart.Bar> bars = results.figures(cell).stream()
                .filter(figure -> figure.quantity().equals(GrowthCell.CPU))
                .filter(figure -> figure.peer().equals(Peer.WEIR))
                .map(figure -> SvgChart.Bar.of(figure.point(), figure))
                .toList();
        return new SvgChart.Group(label, bars);
    }
}
