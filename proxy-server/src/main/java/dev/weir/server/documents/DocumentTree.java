package dev.weir.server.documents;

import dev.weir.core.Headers;
import dev.weir.core.ResponseHead;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The files under one directory and no others: a path is taken apart before it is decoded, no segment may climb or hide, and what
 * a link leads to must be under the directory as well. Any thread; reads the disk.
 */
final class DocumentTree {
    private static final int MOST_LISTED = 1_000;
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final Map<String, String> TYPES = Map.ofEntries(
            Map.entry("html", "text/html; charset=utf-8"),
            Map.entry("htm", "text/html; charset=utf-8"),
            Map.entry("md", "text/markdown; charset=utf-8"),
            Map.entry("txt", "text/plain; charset=utf-8"),
            Map.entry("css", "text/css; charset=utf-8"),
            Map.entry("js", "text/javascript; charset=utf-8"),
            Map.entry("json", "application/json"),
            Map.entry("yaml", "text/plain; charset=utf-8"),
            Map.entry("yml", "text/plain; charset=utf-8"),
            Map.entry("xml", "application/xml"),
            Map.entry("svg", "image/svg+xml"),
            Map.entry("png", "image/png"),
            Map.entry("jpg", "image/jpeg"),
            Map.entry("jpeg", "image/jpeg"),
            Map.entry("gif", "image/gif"),
            Map.entry("webp", "image/webp"),
            Map.entry("ico", "image/x-icon"),
            Map.entry("pdf", "application/pdf"),
            Map.entry("woff2", "font/woff2"));

    private final Path root;

    DocumentTree(Path root) {
        this.root = root;
    }

    /** What is at a path. */
    sealed interface Found {}

    /** A file. */
    record Document(Path file, String type, long bytes, Instant modified) implements Found {
        String tag() {
            return "\"" + Long.toHexString(modified.toEpochMilli()) + "-" + Long.toHexString(bytes) + "\"";
        }

        ResponseHead head(int status) {
            Headers headers = new Headers()
                    .add("Content-Type", type)
                    .add("ETag", tag())
                    .add("Last-Modified", IMF_FIXDATE.format(modified))
                    .add("Cache-Control", "no-cache")
                    .add("X-Content-Type-Options", "nosniff")
                    .add(
                            "Content-Security-Policy",
                            "default-src 'self'; style-src 'self' 'unsafe-inline'; "
                                    + "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'");
            return new ResponseHead(status, status == 304 ? "Not Modified" : "OK", headers, bytes);
        }

        /** RFC 9110 section 13.2.2: tags go before dates. */
        boolean isKnownTo(Headers request) {
            List<String> tags = request.all("If-None-Match");
            if (!tags.isEmpty()) {
                return tags.stream()
                        .flatMap(line -> Stream.of(line.split(",", -1)))
                        .map(tag -> tag.strip().replaceFirst("^W/", ""))
                        .anyMatch(tag -> tag.equals("*") || tag.equals(tag()));
            }
            String since = request.get("If-Modified-Since");
            if (since == null) {
                return false;
            }
            try {
                Instant then = ZonedDateTime.parse(since, DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant();
                return modified.getEpochSecond() <= then.getEpochSecond();
            } catch (DateTimeParseException noDate) {
                return false;
            }
        }
    }

    /** A directory without a page of its own. */
    record Listing(String html) implements Found {}

    /** The path under which it is really found. */
    record Elsewhere(String path) implements Found {}

    /** There is nothing there for anybody to see. */
    record Nothing() implements Found {}

    /** Looks for a path as it was sent, which begins with a slash. */
    Found find(String path) throws IOException {
        Path real;
        Path wanted;
        try {
            real = root.toRealPath();
            wanted = real;
            for (String segment : path.substring(1).split("/", -1)) {
                String name = URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
                if (name.startsWith(".") || name.indexOf('/') >= 0 || name.indexOf('\\') >= 0 || name.indexOf(0) >= 0) {
                    return new Nothing();
                }
                wanted = wanted.resolve(name);
            }
            wanted = wanted.toRealPath();
        } catch (NoSuchFileException | InvalidPathException nothing) {
            return new Nothing();
        } catch (IllegalArgumentException badlyEncoded) {
            return new Nothing();
        }
        if (!wanted.startsWith(real)) {
            return new Nothing();
        }
        if (!Files.isDirectory(wanted)) {
            return path.endsWith("/") ? new Nothing() : file(wanted);
        }
        if (!path.endsWith("/")) {
            return new Elsewhere(path + "/");
        }
        Path index = wanted.resolve("index.html");
        return Files.isRegularFile(index) && index.toRealPath().startsWith(real)
                ? file(index.toRealPath())
                : listing(wanted, path.equals("/"));
    }

    private static Found file(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (!attributes.isRegularFile() || !Files.isReadable(file)) {
            return new Nothing();
        }
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        String type = TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "application/octet-stream");
        return new Document(
                file, type, attributes.size(), attributes.lastModifiedTime().toInstant());
    }

    private static Found listing(Path directory, boolean top) throws IOException {
        StringBuilder html = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<title>Documents</title></head><body><h1>Documents</h1>\n<ul>\n");
        if (!top) {
            html.append("<li><a href=\"../\">../</a></li>\n");
        }
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(file -> !String.valueOf(file.getFileName()).startsWith("."))
                    .sorted()
                    .limit(MOST_LISTED)
                    .forEach(file -> {
                        String slash = Files.isDirectory(file) ? "/" : "";
                        String name = String.valueOf(file.getFileName());
                        html.append("<li><a href=\"./")
                                .append(DocumentsEndpoint.encoded(name))
                                .append(slash)
                                .append("\">")
                                .append(DocumentsEndpoint.escaped(name))
                                .append(slash)
                                .append("</a></li>\n");
                    });
        }
        return new Listing(html.append("</ul>\n</body></html>\n").toString());
    }
}
