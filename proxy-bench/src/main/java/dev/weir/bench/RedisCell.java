package dev.weir.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Limits that several processes share. */
final class RedisCell implements Cell {
    static final String NAME = "redis";
    private static final String CPU = "CPU per chat, µs";
    private static final int CONNECTIONS = 64;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "Chats over 64 connections with the rate limit in Redis, which runs on the load's core, beside one in memory.";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        if (!Shell.has("redis-server")) {
            run.note("redis-server is not here: not measured.");
            return;
        }
        int redis = Ports.next();
        String directory = run.workbench().directory("redis").toString();
        PinnedProcess server = run.workbench()
                .start(
                        "redis",
                        Setting.LOAD_CORE,
                        Map.of(),
                        List.of(
                                "redis-server",
                                "--port",
                                "" + redis,
                                "--bind",
                                "127.0.0.1",
                                "--save",
                                "",
                                "--dir",
                                directory));
        Await.listening(server, redis);
        int backend = Backend.chats(run);
        Weir weir = run.weir();
        Peer memory = weir.start(backend).named("Weir, limits in memory");
        Peer shared = weir.start(weir.plain(backend).withRedis("redis://127.0.0.1:" + redis))
                .named("Weir, limits in Redis");
        List<Peer> peers = List.of(memory, shared);
        run.warmUp(peers, Request.chat(), CONNECTIONS);
        run.rounds(() -> {
            for (Peer peer : peers) {
                run.closedLoop("", CPU, Request.chat(), CONNECTIONS, peer);
            }
        });
        if (server.cpuMicros() < 100_000) {
            throw new VoidCellException("Redis was hardly asked");
        }
    }
}
