package dev.weir.bench;

import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.Function;
import java.util.stream.IntStream;

/** The goals, in the order of the report. What compares two peers compares them round by round. */
final class Goals {
    private static final String CHATS = ChatCell.point(64);
    private static final String NEW_QUESTIONS = RateCell.Point.NEW.toString();
    private static final String STREAMS = StreamCell.point(300, 20);

    static final List<Goal> ALL = List.of(
            below("CPU per chat, Weir / nginx", 1.25, 1, toNginx(Goals::ratio, ChatCell.NAME, CHATS, ChatCell.CPU)),
            below(
                    "CPU per chat at 2,000/s, Weir with audit / nginx",
                    1.5,
                    1.2,
                    of(
                            Goals::ratio,
                            figure(RateCell.NAME, CHATS, RateCell.CPU, Peer.WEIR_AUDIT),
                            nginx(RateCell.NAME, CHATS, RateCell.CPU))),
            below(
                    "CPU per new question at 2,000/s, Weir with audit, bodies and cache / with auth alone",
                    1.3,
                    1.2,
                    of(
                            Goals::ratio,
                            figure(RateCell.NAME, NEW_QUESTIONS, RateCell.CPU, Peer.WEIR_BODIES),
                            figure(RateCell.NAME, NEW_QUESTIONS, RateCell.CPU, Peer.WEIR_AUTH))),
            below(
                    "CPU per event, Weir / nginx",
                    1.3,
                    1,
                    toNginx(Goals::ratio, StreamCell.NAME, STREAMS, StreamCell.CPU)),
            below(
                    "added latency p50, Weir − nginx, µs",
                    100,
                    0,
                    toNginx(Goals::difference, RateCell.NAME, CHATS, RateCell.added(50))),
            below(
                    "added latency p90, Weir − nginx, µs",
                    100,
                    0,
                    toNginx(Goals::difference, RateCell.NAME, CHATS, RateCell.added(90))),
            below(
                    "added gap p50, Weir − nginx, µs",
                    100,
                    0,
                    toNginx(Goals::difference, StreamCell.NAME, STREAMS, StreamCell.addedGap(50))),
            below(
                    "added gap p90, Weir − nginx, µs",
                    100,
                    0,
                    toNginx(Goals::difference, StreamCell.NAME, STREAMS, StreamCell.addedGap(90))),
            below("CPU per cache hit, Weir / nginx", 1, 0.8, toNginx(Goals::ratio, CacheCell.NAME, "", CacheCell.CPU)),
            above(
                    "CPU per chat, the gateway in JavaScript / Weir",
                    40,
                    60,
                    of(
                            Goals::ratio,
                            figure(ChatCell.NAME, CHATS, ChatCell.CPU, Peer.JAVASCRIPT),
                            weir(ChatCell.NAME, CHATS, ChatCell.CPU))),
            below("heap allocated per event, bytes", 200, 0, weir(AllocationCell.NAME, "", AllocationCell.PER_EVENT)),
            below(
                    "RSS per idle stream, KiB",
                    16,
                    8,
                    weir(MemoryCell.NAME, MemoryCell.MANY_IDLE, MemoryCell.PER_STREAM)),
            below("RSS idle, MiB", 160, 80, weir(MemoryCell.NAME, MemoryCell.IDLE, MemoryCell.RSS)),
            below("RSS at 2,000 streams, MiB", 320, 160, weir(MemoryCell.NAME, MemoryCell.LOADED, MemoryCell.RSS)),
            below("RSS recovered, MiB", 220, 110, weir(MemoryCell.NAME, MemoryCell.RECOVERED, MemoryCell.RSS)),
            below(
                    "start to the first answer, ms",
                    1_200,
                    500,
                    figure(StartCell.NAME, "", StartCell.TIME, StartCell.PLAIN)),
            below(
                    "the same with a class-data archive, ms",
                    1_200,
                    500,
                    figure(StartCell.NAME, "", StartCell.TIME, StartCell.ARCHIVE)),
            below(
                    "RSS with 1,000,000 keys − with 10, MiB",
                    200,
                    100,
                    of(Goals::difference, keys(1_000_000, GrowthCell.RSS), keys(10, GrowthCell.RSS))),
            below(
                    "CPU per chat, 1,000,000 keys / 10",
                    1.1,
                    1,
                    of(Goals::ratio, keys(1_000_000, GrowthCell.CPU), keys(10, GrowthCell.CPU))));

    private Goals() {}

    private static double ratio(double a, double b) {
        return a / b;
    }

    private static double difference(double a, double b) {
        return a - b;
    }

    private static Goal below(String what, double must, double aim, Function<Results, List<Double>> figure) {
        return new Goal(what, must, aim, true, figure);
    }

    private static Goal above(String what, double must, double aim, Function<Results, List<Double>> figure) {
        return new Goal(what, must, aim, false, figure);
    }

    private static Function<Results, List<Double>> figure(String cell, String point, String quantity, String peer) {
        return results -> results.values(cell, point, quantity, peer);
    }

    private static Function<Results, List<Double>> weir(String cell, String point, String quantity) {
        return figure(cell, point, quantity, Peer.WEIR);
    }

    private static Function<Results, List<Double>> nginx(String cell, String point, String quantity) {
        return figure(cell, point, quantity, Peer.NGINX);
    }

    private static Function<Results, List<Double>> keys(int number, String quantity) {
        return weir(GrowthCell.name(GrowthCell.Of.KEYS), GrowthCell.Of.KEYS.point(number), quantity);
    }

    private static Function<Results, List<Double>> toNginx(
            DoubleBinaryOperator how, String cell, String point, String quantity) {
        return of(how, weir(cell, point, quantity), nginx(cell, point, quantity));
    }

    private static Function<Results, List<Double>> of(
            DoubleBinaryOperator how, Function<Results, List<Double>> a, Function<Results, List<Double>> b) {
        return results -> {
            List<Double> first = a.apply(results);
            List<Double> second = b.apply(results);
            return IntStream.range(0, Math.min(first.size(), second.size()))
                    .mapToObj(round -> how.applyAsDouble(first.get(round), second.get(round)))
                    .toList();
        };
    }
}
