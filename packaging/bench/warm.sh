#!/usr/bin/env bash
# Time to first token with `balance: warm` and with `balance: weight`, in one run: three simulated Ollamas that need LOAD to
# load a model and keep two of ten at a time, and the same seeded mix of streams through Weir before fresh servers each
# time. Needs a built weir.jar. Loopback only; takes about 2 x SECONDS + 30 s and ends by itself.
#
#   packaging/bench/warm.sh [SECONDS] [REQUESTS_PER_SECOND] [SEED]        (default 60, 4 and 1)
set -euo pipefail

seconds="${1:-60}"
rate="${2:-4}"
seed="${3:-1}"
load="2s"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
jar="$root/proxy-server/target/weir.jar"
models="m0:1b,m1:1b,m2:1b,m3:1b,m4:1b,m5:1b,m6:1b,m7:1b,m8:1b,m9:1b"
work="$(mktemp -d)"
pids=()

stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  pids=()
}
trap 'stop; rm -rf "$work"' EXIT

[ -f "$jar" ] || { echo "warm.sh needs $jar: run ./mvnw -DskipTests package" >&2; exit 1; }

start() { # COMMAND...: starts in the background
  "$@" >>"$work/log" 2>&1 &
  pids+=("$!")
}

await() { # URL: waits until it answers
  for _ in $(seq 100); do
    curl -fsS -o /dev/null "$1" 2>/dev/null && return
    sleep 0.2
  done
  echo "$1 does not answer" >&2
  cat "$work/log" >&2
  exit 1
}

configuration() { # BALANCE
  echo 'server: {listen: "127.0.0.1:18200", event_loops: 1}'
  echo 'logging: {access_log: false}'
  echo 'discover_models: false'
  echo 'backends:'
  for port in 18201 18202 18203; do
    echo "  s$port: {url: \"http://127.0.0.1:$port\", parallel: 4}"
  done
  echo 'models:'
  for model in ${models//,/ }; do
    echo "  \"$model\": {balance: $1, targets: [{backend: s18201, model: \"$model\"}, {backend: s18202, model: \"$model\"}, {backend: s18203, model: \"$model\"}]}"
  done
}

run() { # BALANCE
  for port in 18201 18202 18203; do
    start java -Xmx128m -jar "$jar" sim --port "$port" --models "$models" --load-time "$load" --max-loaded 2 \
      --parallel 4 --ttft 50ms --tokens-per-second 80 --max-tokens-default 40
  done
  configuration "$1" >"$work/$1.yaml"
  STATE_DIRECTORY="$work" start java -Xmx256m -jar "$jar" serve --config "$work/$1.yaml"
  for port in 18201 18202 18203; do await "http://127.0.0.1:$port/api/version"; done
  await http://127.0.0.1:18200/readyz
  sleep 3
  java "$root/packaging/bench/WarmLoad.java" http://127.0.0.1:18200 sk-hx-dev-1234 "$models" "$seconds" "$rate" "$seed" >"$work/$1.result"
  echo "$1: $(cat "$work/$1.result")" >&2
  curl -fsS http://127.0.0.1:18200/metrics | awk -F'[{}" ]' '/^weir_choices_total/ {n[$5] += $NF} END {for (r in n) printf "  chosen as %s: %d\n", r, n[r]}' >&2
  stop
}

run weight
run warm
echo "| balance | requests | failed | p50 s | p95 s | max s |"
echo "|---|---|---|---|---|---|"
for balance in weight warm; do
  awk -v b="$balance" '{printf "| %s | %s | %s | %s | %s | %s |\n", b, $1, $2, $3, $4, $5}' "$work/$balance.result"
done
paste -d' ' "$work/weight.result" "$work/warm.result" | awk '{
  printf "p95 to the first token, weight / warm: %.1f\n", $4 / $9
  exit !($7 == 0 && $4 >= 3 * $9)
}'
