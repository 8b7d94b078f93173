#!/usr/bin/env bash
# Soaks a gateway for MINUTES: valid requests at a steady rate before two backends, and one in a hundred of every fault that
# Soak.java knows: clients that leave, read slowly, send nonsense, too much, the wrong key; backends that reset, stall, cut,
# fall silent. Exits 1 unless nothing happened that the faults do not explain, and the counts add up: accepted = completed +
# aborted + refused. Needs a built weir.jar. Loopback only; ends by itself.
#
#   packaging/bench/soak.sh [--minutes MINUTES] [--rate REQUESTS_PER_SECOND]        (default 30 and 100)
set -euo pipefail

minutes=30
rate=100
while [ $# -gt 0 ]; do
  case "$1" in
    --minutes) minutes="$2" ;;
    --rate) rate="$2" ;;
    *) echo "usage: soak.sh [--minutes MINUTES] [--rate REQUESTS_PER_SECOND]" >&2; exit 2 ;;
  esac
  shift 2
done
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
jar="${WEIR_JAR:-$root/proxy-server/target/weir.jar}"
work="$(mktemp -d)"
pids=()

stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap 'stop; rm -rf "$work"' EXIT

[ -f "$jar" ] || { echo "soak.sh needs $jar: run ./mvnw -DskipTests package" >&2; exit 1; }

cat >"$work/weir.yaml" <<YAML
server:
  listen: "127.0.0.1:18300"
  timeouts: {header: 2s, body_idle: 2s, keep_alive: 5s, write_stall: 10s}
auth: {master_key: sk-soak-master}
backends:
  a: {url: "http://127.0.0.1:18301", kind: openai}
  b: {url: "http://127.0.0.1:18302", kind: openai}
backend_defaults:
  timeouts: {connect: 2s, first_byte: 2s, idle: 2s}
  health: {interval: 5s, timeout: 5s}
  eject: {consecutive_failures: 50}
discover_models: false
models:
  m: {targets: [{backend: a, model: m}, {backend: b, model: m}]}
metrics: {access: open}
logging: {file: {path: weir.log, max_size: 10MB, keep: 2}}
YAML

for port in 18301 18302; do
  java -Xmx128m "$root/packaging/bench/Soak.java" backend "$port" >>"$work/backends.log" 2>&1 &
  pids+=("$!")
done
STATE_DIRECTORY="$work" java -Xmx256m -jar "$jar" serve --config "$work/weir.yaml" >"$work/weir.out" 2>&1 &
weir="$!"
pids+=("$weir")
for _ in $(seq 150); do
  curl -fsS -o /dev/null http://127.0.0.1:18300/readyz 2>/dev/null && curl -fsS -o /dev/null http://127.0.0.1:18301/ \
    2>/dev/null && curl -fsS -o /dev/null http://127.0.0.1:18302/ 2>/dev/null && break
  sleep 0.2
done
if ! java -Xmx512m "$root/packaging/bench/Soak.java" client 18300 "$weir" "$minutes" "$rate"; then
  grep -aE '"(ERROR|WARN)"' "$work/weir.out" | tail -20 >&2 || true
  exit 1
fi
