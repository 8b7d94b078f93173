package dev.weir.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** What a chat costs with more and more of one thing: the same Weir several times at once, each with another number of it. */
final class GrowthCell implements Cell {
    static final String CPU = "CPU per chat, µs";
    static final String RSS = "RSS, MiB";
    private static final int CONNECTIONS = 64;

    /** What there is more and more of. */
    enum Of {
        KEYS("keys", "API keys in the database, of which one is used.", 10, 10_000, 1_000_000),
        BACKENDS("backends", "Backends of one model: one server under that many addresses.", 1, 20, 200),
        MODELS("models", "Configured models; the last of them is asked for.", 10, 1_000, 10_000);

        private final String noun;
        private final String what;
        private final int few;
        private final int some;
        private final int many;

        Of(String noun, String what, int few, int some, int many) {
            this.noun = noun;
            this.what = what;
            this.few = few;
            this.some = some;
            this.many = many;
        }

        String point(int number) {
            return String.format(Locale.ROOT, "%,d %s", number, noun);
        }

        List<Integer> numbers() {
            return List.of(few, some, many);
        }
    }

    private final Of of;

    GrowthCell(Of of) {
        this.of = of;
    }

    static String name(Of of) {
        return "growth-" + of.noun;
    }

    @Override
    public String name() {
        return name(of);
    }

    @Override
    public String about() {
        return of.what + " Chats over 64 connections.";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        int backend = Backend.chats(run);
        Map<Integer, Peer> peers = new LinkedHashMap<>();
        for (int number : of.numbers()) {
            Peer peer = start(run, backend, number);
            run.warmUp(List.of(peer), request(number), CONNECTIONS);
            peers.put(number, peer);
        }
        run.rounds(() -> {
            for (Map.Entry<Integer, Peer> entry : peers.entrySet()) {
                String point = of.point(entry.getKey());
                run.closedLoop(point, CPU, request(entry.getKey()), CONNECTIONS, entry.getValue());
                run.add(point, RSS, entry.getValue(), entry.getValue().rssBytes() / 1048576.0);
            }
        });
    }

    private Request request(int number) {
        return Request.chat(WeirConf.model(of == Of.MODELS ? number - 1 : 0));
    }

    private Peer start(CellRun run, int backend, int number) throws IOException {
        Weir weir = run.weir();
        WeirConf plain = weir.plain(backend);
        return switch (of) {
            case KEYS -> weir.start(plain, conf -> KeyRows.add(conf.database(), number - 1));
            case BACKENDS -> weir.start(plain.withBackends(addresses(backend, number)));
            case MODELS -> weir.start(plain.withModels(number));
        };
    }

    /** All of 127.0.0.0/8 is this machine. */
    private static List<String> addresses(int port, int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> "http://127.0.1." + i + ":" + port)
                .toList();
    }
}
