package dev.weir.pipeline.agents;

import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Middleware;
import dev.weir.core.Verdict;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Has answers shaped for an agent: the one of its route, or the one that the query names ({@code agent_type=} or
 * {@code type=}). Stands behind those who write down what clients get and before those who read what backends say.
 * Stateless.
 */
public final class AgentShaping implements Middleware {
    private final Map<String, Agent> agents = new LinkedHashMap<>();
    private final @Nullable Agent fixed;

    private AgentShaping(Collection<Agent> agents, @Nullable Agent fixed) {
        agents.forEach(agent -> this.agents.put(agent.name(), agent));
        this.fixed = fixed;
    }

    /** For a route of {@code agent} alone. */
    public static AgentShaping of(Agent agent) {
        return new AgentShaping(List.of(agent), agent);
    }

    /** For a route whose query names one of {@code agents}. */
    public static AgentShaping byQuery(Collection<Agent> agents) {
        return new AgentShaping(agents, null);
    }

    @Override
    public Verdict onRequest(Exchange exchange) {
        Agent agent =
                fixed != null ? fixed : agents.get(named(exchange.request().query()));
        if (agent != null) {
            exchange.set(Agent.KEY, agent);
            AgentShaper shaper = new AgentShaper(agent, exchange);
            shaper.begin(exchange.filterResponse(shaper));
        }
        return Verdict.PROCEED;
    }

    /** The endpoint behind this: {@code served} for known agents. Who asks has a key by then, and may be told their names. */
    public Endpoint before(Endpoint served) {
        return new Endpoint() {
            @Override
            public boolean needsBody() {
                return served.needsBody();
            }

            @Override
            public void serve(Exchange exchange, Downstream downstream) throws Exception {
                if (exchange.get(Agent.KEY) == null) {
                    throw unknown(named(exchange.request().query()));
                }
                served.serve(exchange, downstream);
            }
        };
    }

    private GatewayException unknown(String name) {
        String known =
                agents.isEmpty() ? "none is configured" : "those there are: " + String.join(", ", agents.keySet());
        String detail = name.isEmpty()
                ? "agent_type: missing in the query (" + known + ")"
                : "agent '" + name + "' not found: " + known;
        return new GatewayException(GatewayError.NOT_FOUND, detail).param("agent_type");
    }

    /** The agent that a query names, or the empty string. */
    static String named(String query) {
        String name = "";
        for (String pair : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            String key = equals < 0 ? pair : pair.substring(0, equals);
            if (key.equals("agent_type") || (key.equals("type") && name.isEmpty())) {
                name = decoded(pair.substring(equals + 1));
            }
        }
        return name;
    }

    private static String decoded(String value) {
        try {
            return URLDecoder.decode(value, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return value;
        }
    }
}
