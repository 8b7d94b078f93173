package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Answers from the cache. */
final class CacheCell implements Cell {
    static final String NAME = "cache";
    static final String CPU = "CPU per hit, µs";
    private static final int CONNECTIONS = 64;
    private static final int DIMENSIONS = 384;
    private static final List<String> WORDS =
            List.of("river", "weir", "water", "holds", "back", "stream", "stone", "gate", "slow", "deep");

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "The same embeddings request of 256 words again and again, answered with 8 KiB from the cache: of nginx from its"
                + " proxy_cache, with the body as its key, from a file that stays open.";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        Path directory = run.workbench().directory("files");
        Path answer = Files.writeString(directory.resolve("answer"), answer());
        int backend = Ports.next();
        run.peers().backend(new NginxConf(directory).file(backend, answer), backend);
        int port = Ports.next();
        Peer nginx =
                run.peers().nginx(new NginxConf(run.workbench().directory("nginx")).cache(port, backend), "http", port);
        Peer weir = run.weir().start(backend);
        Request request = request();
        expectHit(nginx, request, "x-cache", answer());
        expectHit(weir, request, "x-weir-cache", answer());
        List<Peer> peers = List.of(nginx, weir);
        run.warmUp(peers, request, CONNECTIONS);
        run.rounds(() -> {
            for (Peer peer : peers) {
                run.closedLoop("", CPU, request, CONNECTIONS, peer);
            }
        });
        expectHit(weir, request, "x-weir-cache", answer());
    }

    private static void expectHit(Peer peer, Request request, String field, String body)
            throws IOException, VoidCellException {
        Probe.expect(peer, request, body);
        String said = Probe.answered(peer, request).headers().firstValue(field).orElse("nothing");
        if (!said.equalsIgnoreCase("hit")) {
            throw new VoidCellException(peer.name() + ": " + field + " says " + said + " (expected: hit)");
        }
    }

    private static Request request() {
        Random random = new Random(2);
        String text = IntStream.range(0, 256)
                .mapToObj(i -> WORDS.get(random.nextInt(WORDS.size())))
                .collect(Collectors.joining(" "));
        return new Request("/v1/embeddings", "application/json", "{\"model\":\"m\",\"input\":\"" + text + "\"}");
    }

    private static String answer() {
        Random random = new Random(1);
        String vector = IntStream.range(0, DIMENSIONS)
                .mapToObj(i -> String.format(Locale.ROOT, "%.17f", random.nextDouble() - 0.5))
                .collect(Collectors.joining(","));
        return "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[" + vector
                + "]}],\"model\":\"m\",\"usage\":{\"prompt_tokens\":256,\"total_tokens\":256}}";
    }
}
