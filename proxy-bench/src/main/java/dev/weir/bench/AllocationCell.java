package dev.weir.bench;

import java.io.IOException;

/** What Weir leaves to the garbage collector. */
final class AllocationCell implements Cell {
    static final String NAME = "allocation";
    static final String PER_EVENT = "heap allocated per event, bytes";
    static final String PER_CHAT = "heap allocated per chat, bytes";
    private static final int STREAMS = 300;
    private static final int MICROS_BETWEEN = 20_000;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "Bytes of heap that all of Weir's threads allocate while 300 streams of events 20 ms apart run, for each event;"
                + " and for each chat at 64 connections. Counted by the JVM (ThreadMXBean).";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        EventSource source = run.workbench().keep(new EventSource());
        Peer streams = run.weir().start(source.port());
        Peer chats = run.weir().start(Backend.chats(run));
        StreamLoad.warmUp(run, source, streams);
        ClosedLoop load = new ClosedLoop(run.workbench(), Request.chat(), 64);
        run.warmUp(chats, load);
        try (AllocationProbe ofStreams =
                        AllocationProbe.attach(streams.started().pid());
                AllocationProbe ofChats = AllocationProbe.attach(chats.started().pid())) {
            run.rounds(() -> {
                StreamLoad.during(source, streams, STREAMS, MICROS_BETWEEN, all -> {
                    long eventsBefore = all.events();
                    long bytesBefore = ofStreams.allocatedBytes();
                    Await.seconds(run.seconds());
                    double bytes = ofStreams.allocatedBytes() - bytesBefore;
                    run.add("", PER_EVENT, streams, bytes / (all.events() - eventsBefore));
                });
                long bytesBefore = ofChats.allocatedBytes();
                long requests = load.run(chats, run.seconds()).requests();
                run.add("", PER_CHAT, chats, (double) (ofChats.allocatedBytes() - bytesBefore) / requests);
            });
        }
    }
}
