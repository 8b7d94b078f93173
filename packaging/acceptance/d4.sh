#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2015
# D4: three gateways behind a load balancer, on PostgreSQL and Redis: the ten checks. Needs the jar, curl, jq, python3, and
# PostgreSQL's and Redis' programs; both are started on ports of their own. A browser (chromium) is used if there is one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need java curl jq python3 redis-server redis-cli
PG=$(dirname "$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -1)")
[ -x "$PG/initdb" ] || { echo "FAILED  PostgreSQL's initdb is missing"; exit 1; }

# PostgreSQL refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then as_postgres() { runuser -u postgres -- "$@"; }; else as_postgres() { "$@"; }; fi
PGPORT=$(free_port) REDIS=$(free_port) BALANCER=$(free_port) A=$(free_port) B=$(free_port) C=$(free_port)
BACKEND=$(free_port)
chmod 755 "$WORK" && mkdir "$WORK/pg"
[ "$(id -u)" -eq 0 ] && chown postgres "$WORK/pg"
as_postgres "$PG/initdb" -D "$WORK/pg/data" -U weir --auth=trust >"$WORK/initdb.log" 2>&1
as_postgres "$PG/postgres" -D "$WORK/pg/data" -p "$PGPORT" -h 127.0.0.1 -k "$WORK/pg" >"$WORK/postgres.log" 2>&1 &
PIDS+=($!)
redis-server --port "$REDIS" --bind 127.0.0.1 --save '' --dir "$WORK" >"$WORK/redis.log" 2>&1 &
PIDS+=($!)
for _ in $(seq 1 100); do "$PG/psql" -h 127.0.0.1 -p "$PGPORT" -U weir -d postgres -qc 'CREATE DATABASE weir' 2>/dev/null && break; sleep 0.2; done

sim "$BACKEND" "phi3:latest"
for port in "$A" "$B" "$C"; do
    cat >"$WORK/weir-$port.yaml" <<Y
server: {listen: "127.0.0.1:$port", trusted_proxies: ["127.0.0.1/32"]}
auth: {key_prefix: "llmgw_"}
database: {url: "postgresql://weir@127.0.0.1:$PGPORT/weir"}
redis: {url: "redis://127.0.0.1:$REDIS"}
backends: {ollama: {url: "http://127.0.0.1:$BACKEND", kind: ollama, max_in_flight: 512}}
models: {chat: {targets: [{backend: ollama, model: "phi3:latest"}]}}
Y
    serve "$port" "$WORK/weir-$port.yaml"
    [ "$port" = "$C" ] && PID_C=$LAST_PID
done
for port in "$A" "$B" "$C"; do await_url "http://127.0.0.1:$port/readyz"; done
# Any balancer will do: this one is a round robin over connections that skips whoever refuses.
python3 "$(dirname "$0")/balancer.py" "$BALANCER" "$A" "$B" "$C" >"$WORK/balancer.log" 2>&1 &
PIDS+=($!)
URL=http://127.0.0.1:$BALANCER
await_url "$URL/healthz"
ORIGIN=https://app.example

healthy() { local p; for p in "$A" "$B" "$C"; do ask GET "http://127.0.0.1:$p/readyz" && answered 200 .ready || return 1; done; }
health() {
    ask GET "$URL/health" && answered 200 '.status == "healthy" and (.uptime >= 0) and (.version | length > 0)' || return 1
    local best
    best=$(for _ in 1 2 3 4 5 6 7 8 9 10; do curl -s -o /dev/null -w '%{time_total}\n' "http://127.0.0.1:$A/health"; done | sort -n | head -1)
    awk -v t="$best" 'BEGIN {exit !(t < 0.010)}' || { echo "the quickest of ten took $best s"; return 1; }
}
cors() {
    ask GET "$URL/v1/models" "" -H "origin: $ORIGIN" && answered 200 || return 1
    [ "$(grep -ic '^access-control-allow-origin:' "$HEAD")" -eq 1 ] || { echo "not exactly one origin"; return 1; }
}
preflight() {
    STATUS=$(curl -s -o "$ANSWER" -D "$HEAD" -w '%{http_code}' -X OPTIONS -H "origin: $ORIGIN" \
        -H 'access-control-request-method: POST' -H 'access-control-request-headers: authorization, x-custom' "$URL/v1/chat/completions")
    [[ $STATUS == 20[04] ]] && [ -n "$(header access-control-allow-methods)" ] && [[ $(header access-control-allow-headers) == *x-custom* ]]
}
models() {
    ask GET "$URL/v1/models" && answered 200 'any(.data[]; .id == "chat")' || return 1
    local best
    best=$(for _ in 1 2 3 4 5; do curl -s -o /dev/null -H "authorization: Bearer $KEY" -w '%{time_total}\n' "http://127.0.0.1:$A/v1/models"; done | sort -n | head -1)
    awk -v t="$best" 'BEGIN {exit !(t < 0.050)}' || { echo "the quickest of five took $best s"; return 1; }
}
database() {
    ask POST "http://127.0.0.1:$A/management/keys" '{"name": "acceptance", "limits": {"requests_per_minute": 12}}' && [ "$STATUS" = 201 ] || { [ "$STATUS" = 200 ] || return 1; }
    CLIENT=$(jq -r .key "$ANSWER")
    [[ $CLIENT == llmgw_* ]] || { echo "the key is ${CLIENT:0:8}…"; return 1; }
    local port i
    for port in "$B" "$C"; do
        for i in $(seq 1 50); do AS=$CLIENT ask GET "http://127.0.0.1:$port/v1/models"; [ "$STATUS" = 200 ] && break; sleep 0.2; done
        answered 200 || { echo "not known at $port after $i looks"; return 1; }
    done
}
redis() {
    local i port ok=0 refused=0
    for i in $(seq 1 10); do
        for port in "$A" "$B" "$C"; do
            AS=$CLIENT chat "http://127.0.0.1:$port" chat
            [ "$STATUS" = 200 ] && ok=$((ok + 1))
            [ "$STATUS" = 429 ] && refused=$((refused + 1))
        done
    done
    # A bucket of a minute's worth, less what the check before took, plus what comes back meanwhile.
    [ "$ok" -ge 6 ] && [ "$ok" -le 14 ] && [ $((ok + refused)) -eq 30 ] || { echo "$ok answered, $refused refused of $((i * 3)), with a limit of 12 over three instances"; return 1; }
    [ -n "$(header retry-after)" ] || { echo "429 without retry-after"; return 1; }
    redis-cli -p "$REDIS" dbsize | grep -qv '^0$'
}
balancing() {
    local i
    for i in $(seq 1 12); do chat_ok "$URL" chat || return 1; done
    kill -TERM "$PID_C" && wait "$PID_C"
    for i in $(seq 1 12); do chat_ok "$URL" chat || { echo "request $i after one instance has ended"; return 1; }; done
    local seen
    seen=$(grep -o 'to [0-9]*' "$WORK/balancer.log" | sort -u | wc -l)
    [ "$seen" -eq 3 ] || { echo "only $seen instances were used"; return 1; }
}
errors() {
    ask POST "$URL/v1/chat/completions" '{"model": ' && answered 400 '.error.message | length > 0' || return 1
    chat "$URL" nobody && answered 404 '.error.code == "model_not_found"' || return 1
    AS=llmgw_wrong ask GET "$URL/v1/models" && answered 401 '.error.code == "invalid_api_key"' || return 1
    ask GET "$URL/nowhere" && answered 404
}
crowd() {
    seq 1 300 | xargs -P 300 -I{} curl -s -m 60 -o /dev/null -w '%{http_code}\n' -H "authorization: Bearer $KEY" \
        -H 'content-type: application/json' -d '{"model": "chat", "max_tokens": 16, "messages": [{"role": "user", "content": "{}"}]}' \
        "$URL/v1/chat/completions" | sort | uniq -c | tee "$WORK/crowd"
    [ "$(awk '$2 == 200 {print $1}' "$WORK/crowd")" = 300 ]
}
browser() {
    local page
    page="file://$(cd "$(dirname "$0")" && pwd)/cors.html?$URL,$KEY,chat"
    timeout 90 "$CHROMIUM" --headless --no-sandbox --disable-gpu --user-data-dir="$WORK/chromium" --virtual-time-budget=20000 \
        --dump-dom "$page" 2>/dev/null | grep -o '<p id="result">[^<]*' | tee "$WORK/dom"
    grep -q 'all passed' "$WORK/dom"
}

check " 1 services are healthy" healthy
check " 2 health endpoint, in under 10 ms" health
check " 3 CORS: exactly one origin" cors
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -n "$CHROMIUM" ]; then check "   CORS in a browser" browser; else skip "   CORS in a browser" "no chromium here"; fi
check " 4 preflight" preflight
check " 5 model list, in under 50 ms" models
check " 6 chat answers" chat_ok "$URL" chat
check "   300 chats at once" crowd
check " 7 database: a key made at one instance is known at all" database
check " 8 Redis: one limit over all instances" redis
check " 9 load balancing over three, and over two when one ends" balancing
check "10 errors" errors
done_with D4
