import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends streams at random moments, the n-th model 1/n as often as the first, and prints {@code requests failed p50 p95 max}
 * of the time to the first token, in seconds; a request that failed counts with all the time it took. The same seed gives
 * the same requests at the same moments, however slow the answers are.
 *
 * <p>{@code java WarmLoad.java URL KEY MODEL,MODEL… SECONDS REQUESTS_PER_SECOND [SEED]}
 */
final class WarmLoad {
    private record Answer(double seconds, boolean failed) {}

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI uri;
    private final String key;

    private WarmLoad(String url, String key) {
        this.uri = URI.create(url + "/v1/chat/completions");
        this.key = key;
    }

    public static void main(String[] args) throws Exception {
        WarmLoad load = new WarmLoad(args[0], args[1]);
        String[] models = args[2].split(",");
        double seconds = Double.parseDouble(args[3]);
        double rate = Double.parseDouble(args[4]);
        Random random = new Random(args.length > 5 ? Long.parseLong(args[5]) : 1);
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<Answer>> pending = new ArrayList<>();
        long start = System.nanoTime();
        double at = 0;
        while (true) {
            at += -Math.log(1 - random.nextDouble()) / rate;
            if (at > seconds) {
                break;
            }
            String model = models[pick(models.length, random)];
            long due = start + (long) (at * 1e9);
            while (due - System.nanoTime() > 0) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            pending.add(threads.submit(() -> load.ask(model)));
        }
        List<Double> times = new ArrayList<>();
        int failed = 0;
        for (Future<Answer> future : pending) {
            Answer answer = future.get();
            times.add(answer.seconds());
            failed += answer.failed() ? 1 : 0;
        }
        threads.shutdown();
        times.sort(null);
        System.out.printf(Locale.ROOT, "%d %d %.2f %.2f %.2f%n", times.size(), failed, quantile(times, 0.5), quantile(times, 0.95), quantile(times, 1));
    }

    private static int pick(int count, Random random) {
        double all = 0;
        for (int i = 0; i < count; i++) {
            all += 1.0 / (i + 1);
        }
        double left = random.nextDouble() * all;
        for (int i = 0; i < count; i++) {
            left -= 1.0 / (i + 1);
            if (left < 0) {
                return i;
            }
        }
        return count - 1;
    }

    private static double quantile(List<Double> sorted, double quantile) {
        return sorted.get((int) Math.min(sorted.size() - 1, Math.floor(quantile * sorted.size())));
    }

    private Answer ask(String model) {
        String body = "{\"model\":\"" + model + "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Tell me about rivers\"}]}";
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofMinutes(5))
                .header("content-type", "application/json")
                .header("authorization", "Bearer " + key)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        long start = System.nanoTime();
        long first = 0;
        boolean complete = false;
        try {
            HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (first == 0 && line.contains("\"content\":\"") && !line.contains("\"content\":\"\"")) {
                        first = System.nanoTime();
                    }
                    complete |= line.equals("data: [DONE]");
                }
            }
        } catch (IOException e) {
            complete = false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        long until = first == 0 ? System.nanoTime() : first;
        return new Answer((until - start) / 1e9, !complete);
    }
}
