package dev.weir.server.observe;

import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import dev.weir.server.config.MetricsConfig;
import io.netty.buffer.Unpooled;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /metrics} in Prometheus' text format, for those the configuration lets read it. */
public final class MetricsEndpoint implements Endpoint {
    private final CollectorRegistry registry;
    private final MetricsConfig.Access access;

    public MetricsEndpoint(CollectorRegistry registry, MetricsConfig.Access access) {
        this.registry = registry;
        this.access = access;
    }

    @Override
    public void serve(Exchange exchange, Downstream downstream) throws GatewayException, IOException {
        if (!mayRead(exchange)) {
            throw new GatewayException(
                    GatewayError.INVALID_API_KEY, "metrics need the management key from here (metrics.access)");
        }
        StringWriter text = new StringWriter();
        TextFormat.write004(text, Collections.enumeration(families()));
        downstream.respond(LocalResponse.of(
                200,
                new Headers().add("Content-Type", TextFormat.CONTENT_TYPE_004),
                Unpooled.wrappedBuffer(text.toString().getBytes(StandardCharsets.UTF_8))));
    }

    /** All families, without the times at which their series came to be, which would double them for nobody's use. */
    private List<MetricFamilySamples> families() {
        return Collections.list(registry.metricFamilySamples()).stream()
                .map(family -> new MetricFamilySamples(
                        family.name,
                        family.unit,
                        family.type,
                        family.help,
                        family.samples.stream()
                                .filter(sample -> !sample.name.endsWith("_created"))
                                .toList()))
                .toList();
    }

    private boolean mayRead(Exchange exchange) {
        Identity identity = exchange.get(Identity.KEY);
        return switch (access) {
            case OPEN -> true;
            case LOOPBACK -> exchange.clientAddress().isLoopbackAddress() || mayManage(identity);
            case MANAGEMENT -> mayManage(identity);
        };
    }

    private static boolean mayManage(@Nullable Identity identity) {
        return identity != null && identity.mayManage();
    }
}
