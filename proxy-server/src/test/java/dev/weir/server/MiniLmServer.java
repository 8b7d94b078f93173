package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.langchain4j.model.embedding.onnx.allminilml6v2.AllMiniLmL6V2EmbeddingModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A small server with a real embedding model, in the shape of an Ollama or of an OpenAI-compatible server. */
final class MiniLmServer implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newFixedThreadPool(2);

    /** Loaded once; it takes a second. */
    private static final class Loaded {
        static final AllMiniLmL6V2EmbeddingModel MODEL = new AllMiniLmL6V2EmbeddingModel(Runnable::run);
    }

    private MiniLmServer(boolean ollama) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        if (ollama) {
            server.createContext("/api/version", exchange -> answer(exchange, 200, "{\"version\":\"0.11.0\"}"));
            server.createContext(
                    "/api/tags", exchange -> answer(exchange, 200, "{\"models\":[{\"name\":\"all-minilm:latest\"}]}"));
        } else {
            server.createContext(
                    "/v1/models", exchange -> answer(exchange, 200, "{\"data\":[{\"id\":\"all-minilm\"}]}"));
        }
        server.createContext("/v1/embeddings", this::embed);
        server.start();
    }

    static MiniLmServer ollama() throws IOException {
        return new MiniLmServer(true);
    }

    static MiniLmServer openai() throws IOException {
        return new MiniLmServer(false);
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void embed(HttpExchange exchange) throws IOException {
        JsonNode request = TestGateway.JSON.readTree(exchange.getRequestBody().readAllBytes());
        if (!request.path("model").asText().startsWith("all-minilm")) {
            answer(exchange, 404, "{\"error\":{\"message\":\"no such model\",\"type\":\"invalid_request_error\"}}");
            return;
        }
        boolean base64 = request.path("encoding_format").asText().equals("base64");
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("object", "list");
        ArrayNode data = answer.putArray("data");
        JsonNode input = request.path("input");
        for (JsonNode text :
                input.isArray() ? input : JsonNodeFactory.instance.arrayNode().add(input)) {
            float[] vector = Loaded.MODEL.embed(text.asText()).content().vector();
            ObjectNode item = data.addObject().put("object", "embedding").put("index", data.size() - 1);
            if (base64) {
                ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(vector);
                item.put("embedding", Base64.getEncoder().encodeToString(bytes.array()));
            } else {
                ArrayNode numbers = item.putArray("embedding");
                for (float number : vector) {
                    numbers.add(number);
                }
            }
        }
        answer.set("model", request.path("model"));
        answer.putObject("usage").put("prompt_tokens", 1).put("total_tokens", 1);
        answer(exchange, 200, answer.toString());
    }

    private static void answer(HttpExchange exchange, int status, String json) throws IOException {
        byte[] body = json.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("content-type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
