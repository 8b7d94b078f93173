#!/usr/bin/env bash
# Valid requests before a backend that takes 20 ms, alone and beside RATE malformed ones a second: their p99 must less than
# double, none may fail, and no backend may be ejected. Needs a built weir.jar. Loopback only; takes about 2.5 x SECONDS + 15 s
# and ends by itself; exits 1 when it does not hold.
#
#   packaging/bench/flood.sh [SECONDS] [RATE]        (default 20 and 10000)
set -euo pipefail

seconds="${1:-20}"
rate="${2:-10000}"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
jar="${WEIR_JAR:-$root/proxy-server/target/weir.jar}"
work="$(mktemp -d)"
pids=()

stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap 'stop; rm -rf "$work"' EXIT

[ -f "$jar" ] || { echo "flood.sh needs $jar: run ./mvnw -DskipTests package" >&2; exit 1; }

cat >"$work/weir.yaml" <<YAML
server: {listen: "127.0.0.1:18310"}
backends:
  a: {url: "http://127.0.0.1:18311", kind: openai}
backend_defaults: {eject: {consecutive_failures: 3}}
discover_models: false
models:
  m: {targets: [{backend: a, model: m}]}
metrics: {access: open}
logging: {file: {path: weir.log, max_size: 10MB, keep: 2}}
YAML

java -Xmx128m -jar "$jar" sim --port 18311 --kind openai --models m --ttft 20ms --tokens-per-second 1000 \
  --max-tokens-default 4 >"$work/sim.out" 2>&1 &
pids+=("$!")
STATE_DIRECTORY="$work" java -Xmx256m -jar "$jar" serve --config "$work/weir.yaml" >"$work/weir.out" 2>&1 &
pids+=("$!")
for _ in $(seq 150); do
  curl -fsS -o /dev/null http://127.0.0.1:18310/readyz 2>/dev/null && break
  sleep 0.2
done
curl -fsS -o /dev/null http://127.0.0.1:18310/readyz || { cat "$work/weir.out" "$work/sim.out" >&2; exit 1; }
sleep 2
java -Xmx256m "$root/packaging/bench/Flood.java" 18310 sk-hx-dev-1234 m "$seconds" 100 "$rate" >"$work/result"
curl -fsS http://127.0.0.1:18310/metrics >"$work/metrics"
awk 'BEGIN { print "| | p50 ms | p99 ms | failed | valid | malformed/s |\n|---|---|---|---|---|---|" }
  { printf "| %s | %s | %s | %s | %s | %s |\n", NR == 1 ? "alone" : "flooded", $1, $2, $3, $4, $5 }' "$work/result"
grep -E '^weir_(backend_up|ejections_total|backend_failures_total)' "$work/metrics" || true
paste -d' ' - - <"$work/result" | awk '{ printf "p99 flooded / alone: %.2f\n", $7 / $2; exit !($7 < 2 * $2 && $3 == 0 && $8 == 0) }'
awk '/^weir_backend_up/ { up += $2 } /^weir_ejections_total/ { out += $2 } END { exit !(up == 1 && out == 0) }' "$work/metrics"
