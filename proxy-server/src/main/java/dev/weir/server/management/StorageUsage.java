package dev.weir.server.management;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Counts what directories hold, and looks at the disks they are on. Any thread; the counting is done in the background. */
final class StorageUsage {
    /** Bounds the time; the directories Weir writes to hold few files. */
    private static final int MAX_FILES = 100_000;

    private final Executor background;

    StorageUsage(Executor background) {
        this.background = background;
    }

    /** For each place by its name: its path, the bytes and files in it, and its disk. */
    CompletableFuture<ObjectNode> of(Map<String, Path> places) {
        return CompletableFuture.supplyAsync(
                () -> {
                    ObjectNode answer = JsonNodeFactory.instance.objectNode();
                    places.forEach((name, path) -> count(answer.putObject(name), path));
                    return answer;
                },
                background);
    }

    private static void count(ObjectNode place, Path directory) {
        Counter counter = new Counter();
        place.put("path", directory.toString());
        try {
            if (Files.isDirectory(directory)) {
                Files.walkFileTree(directory, counter);
            }
            place.put("exists", Files.isDirectory(directory));
            place.put("bytes", counter.bytes).put("files", counter.files);
            SystemResources.addDisk(place.putObject("disk"), existing(directory));
        } catch (IOException e) {
            place.put("error", "cannot be read: " + e.getMessage());
        }
    }

    /** The directory, or the nearest above it that is there. */
    private static Path existing(Path directory) {
        Path path = directory.toAbsolutePath();
        while (!Files.exists(path) && path.getParent() != null) {
            path = path.getParent();
        }
        return path;
    }

    /** Adds up, and passes over what goes away meanwhile. */
    private static final class Counter extends SimpleFileVisitor<Path> {
        private long bytes;
        private int files;

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            bytes += attributes.size();
            return ++files < MAX_FILES ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) {
            return FileVisitResult.CONTINUE;
        }
    }
}
