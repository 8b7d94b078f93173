package dev.weir.server.backup;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a backup holds: {@value #FILE} beside its files, written last, so that a directory without one is no backup.
 *
 * @param created when it was made
 * @param version of the Weir that made it
 * @param database the kind of database it holds a copy of, or the empty string
 * @param rows how many rows each table has in that copy
 * @param files what lies beside the manifest
 */
public record Manifest(
        Instant created, String version, String database, SortedMap<String, Long> rows, List<Entry> files) {
    static final String FILE = "manifest.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * One file.
     *
     * @param name in the backup
     * @param path where it was taken from and goes back to, or the empty string
     * @param bytes its length
     * @param sha256 the digest of its bytes, in hexadecimal digits
     */
    public record Entry(String name, String path, long bytes, String sha256) {}

    void write(Path directory) throws IOException {
        ObjectNode json = JSON.createObjectNode();
        json.put("created", created.toString()).put("version", version).put("database", database);
        ObjectNode counts = json.putObject("rows");
        rows.forEach(counts::put);
        ArrayNode list = json.putArray("files");
        for (Entry file : files) {
            list.addObject()
                    .put("name", file.name)
                    .put("path", file.path)
                    .put("bytes", file.bytes)
                    .put("sha256", file.sha256);
        }
        Files.writeString(directory.resolve(FILE), json.toPrettyString() + "\n");
    }

    /** @throws IOException if there is none in {@code directory}, or it cannot be understood */
    static Manifest read(Path directory) throws IOException {
        JsonNode json = JSON.readTree(Files.readString(directory.resolve(FILE)));
        SortedMap<String, Long> rows = new TreeMap<>();
        json.path("rows")
                .properties()
                .forEach(row -> rows.put(row.getKey(), row.getValue().asLong()));
        List<Entry> files = new ArrayList<>();
        for (JsonNode file : json.path("files")) {
            files.add(new Entry(
                    file.path("name").asText(),
                    file.path("path").asText(),
                    file.path("bytes").asLong(),
                    file.path("sha256").asText()));
        }
        try {
            return new Manifest(
                    Instant.parse(json.path("created").asText()),
                    json.path("version").asText(),
                    json.path("database").asText(),
                    rows,
                    files);
        } catch (DateTimeException e) {
            throw new IOException(directory.resolve(FILE) + " is no manifest of a backup", e);
        }
    }
}
