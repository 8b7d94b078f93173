package dev.weir.server.diagnosis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import javax.net.ssl.SSLException;

/** A check that failed: what was seen, and what to do about it. */
final class SmokeFailure extends Exception {
    private static final long serialVersionUID = 1;
    private static final int MAX_TEXT = 300;

    private final String mend;

    SmokeFailure(String what, String mend) {
        super(what);
        this.mend = mend;
    }

    String what() {
        return String.valueOf(getMessage());
    }

    String mend() {
        return mend;
    }

    /** Why there was no answer at all. */
    static SmokeFailure ofConnection(String url, IOException failure) {
        if (failure instanceof HttpConnectTimeoutException) {
            return new SmokeFailure(url + " cannot be reached", "look at the address and at firewalls on the way");
        }
        if (failure instanceof HttpTimeoutException) {
            return new SmokeFailure(
                    "no answer in time", "give a model that must be loaded first longer with --timeout");
        }
        if (failure instanceof ConnectException) {
            return new SmokeFailure(
                    "nothing listens at " + url,
                    "start the gateway (systemctl status weir says why it is not up), or name another with --url");
        }
        if (failure instanceof SSLException) {
            return new SmokeFailure(
                    "no trusted connection to " + url + ": " + failure.getMessage(),
                    "name the certificate to trust with --ca, and the gateway by a name that is in it");
        }
        return new SmokeFailure(
                "the connection broke: " + failure,
                "look at the gateway's log, and whether the address speaks http or https");
    }

    static HttpResponse<String> unlessOk(HttpResponse<String> response) throws SmokeFailure {
        int status = response.statusCode();
        if (status == 200) {
            return response;
        }
        throw new SmokeFailure(status + ": " + message(response), mendOf(status));
    }

    private static String mendOf(int status) {
        return switch (status) {
            case 401 -> "give a valid key with --key or in WEIR_MASTER_KEY";
            case 403 -> "give a key that may use this model, from an address that may use the gateway";
            case 404 -> "name models that are offered with --chat-model and --embedding-model";
            case 429 -> "wait, or use a key with higher limits";
            case 502, 503, 504 -> "a backend is away or failing: weir doctor says which";
            default -> "look at the gateway's log for this request";
        };
    }

    /** A cache that answers for a dead backend makes a check worth nothing. */
    static void ifCached(HttpResponse<?> response) throws SmokeFailure {
        if (response.headers().firstValue("x-weir-cache").orElse("").equals("hit")
                || response.headers().firstValue("age").isPresent()) {
            throw new SmokeFailure(
                    "a cache answered although it was told not to",
                    "have the cache on the way heed Cache-Control: no-store");
        }
    }

    static JsonNode json(HttpResponse<String> response) throws SmokeFailure {
        try {
            return SmokeClient.JSON.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new SmokeFailure(
                    "the answer is no JSON: " + shortened(response.body()), "is this the address of a gateway?");
        }
    }

    /** What an error answer says. */
    static String message(HttpResponse<String> response) {
        return message(response.body());
    }

    static String message(String body) {
        try {
            JsonNode error = SmokeClient.JSON.readTree(body).path("error");
            JsonNode message = error.isTextual() ? error : error.path("message");
            return shortened(message.isTextual() ? message.asText() : body);
        } catch (JsonProcessingException e) {
            return shortened(body);
        }
    }

    private static String shortened(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= MAX_TEXT ? line : line.substring(0, MAX_TEXT) + " …";
    }
}
