#!/usr/bin/env bash
# Restarts a gateway under load, in the three ways in which that can be done without losing a request, and counts what is lost:
#
#   overlap   a second process on the same port (server.reuse_port), then SIGTERM to the first
#   socket    one listening socket held by somebody else (systemd's weir.socket; here a few lines of Python): SIGTERM, start
#   shared    the same socket, and a second process on it before SIGTERM to the first (weir-restart, with weir@a and weir@b)
#
# 1,000 chats a second, each answered in about 0.5 s. Needs python3 and a built weir.jar. Loopback only; about a minute each.
#
#   packaging/bench/restart.sh [overlap|socket|shared]...        (default: all)
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
jar="${WEIR_JAR:-$root/proxy-server/target/weir.jar}"
rate="${RATE:-1000}"
seconds=20
port=18500
work="$(mktemp -d)"
pids=()
# shellcheck disable=SC2317 # it is called by the trap
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  pids=()
}
trap 'stop; rm -rf "$work"' EXIT
[ -f "$jar" ] || { echo "restart.sh needs $jar: run ./mvnw -DskipTests package" >&2; exit 1; }

cat >"$work/weir.yaml" <<YAML
server: {listen: "127.0.0.1:$port", admin_listen: "127.0.0.1:\${ADMIN_PORT}", reuse_port: "\${REUSE_PORT}", timeouts: {drain_delay: 1s}}
database: {url: "sqlite:$work/weir.db"}
backends: {sim: {url: "http://127.0.0.1:18510", kind: openai, max_in_flight: 4096}}
models: {m: {targets: [{backend: sim, model: m}]}}
discover_models: false
middleware: {rate_limit: {per_key: {requests_per_minute: 0, tokens_per_minute: 0, parallel: 0}}}
YAML
# Holds the socket: "start ADMIN-PORT" starts a gateway with it, "stop" ends the oldest; ends with its input.
cat >"$work/holder.py" <<'PY'
import os, socket, subprocess, sys
port, command = int(sys.argv[1]), sys.argv[2:]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", port))
listener.listen(4096)
listener.setblocking(False)
os.dup2(listener.fileno(), 3, inheritable=True)
gateways = []
def stop():
    gateway = gateways.pop(0)
    gateway.terminate()
    gateway.wait()
for line in sys.stdin:
    order = line.split()
    if order[0] == "stop":
        stop()
    else:
        gateways.append(subprocess.Popen(
            ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=weir exec "$@"', "sh"] + command,
            pass_fds=[3], env={**os.environ, "ADMIN_PORT": order[1]}))
while gateways:
    stop()
PY

java -Xmx512m -jar "$jar" sim --port 18510 --kind openai --models m --ttft 300ms --tokens-per-second 100 >"$work/sim.log" 2>&1 &
pids+=("$!")
ready() { # ADMIN-PORT
  for _ in $(seq 200); do
    if curl -fsS -o "$work/ready" -H 'Authorization: Bearer sk-hx-dev-1234' "http://127.0.0.1:$1/metrics" 2>/dev/null; then return; fi
    sleep 0.1
  done
  tail -n 5 "$work"/gateway*.log >&2
  echo "the gateway does not get ready" >&2
  exit 1
}
load() { java "$root/packaging/bench/RestartLoad.java" "$port" "$rate" "$seconds" sk-hx-dev-1234; }
gateway() { # ADMIN-PORT: a gateway that shares the port
  ADMIN_PORT="$1" REUSE_PORT=true java -Xmx256m -jar "$jar" serve --config "$work/weir.yaml" >"$work/gateway-$1.log" 2>&1 &
  pids+=("$!")
}

overlap() {
  local first
  gateway 18501
  first=$!
  ready 18501
  load &
  local loading=$!
  sleep 8
  gateway 18502
  ready 18502
  kill "$first"
  wait "$loading" || lost=1
  kill "${pids[-1]}"
  wait "${pids[-1]}" || true
}

# Starts the holder of a socket, who takes orders from descriptor 5.
hold() {
  rm -f "$work/orders"
  mkfifo "$work/orders"
  REUSE_PORT=false python3 "$work/holder.py" "$port" java -Xmx256m -jar "$jar" serve \
    --config "$work/weir.yaml" <"$work/orders" >"$work/gateway.log" 2>&1 &
  pids+=("$!")
  exec 5>"$work/orders"
  echo "start $1" >&5
  ready "$1"
}

with_socket() {
  hold 18503
  load &
  local loading=$!
  sleep 8
  echo stop >&5
  echo "start 18503" >&5
  wait "$loading" || lost=1
  exec 5>&-
  wait "${pids[-1]}" || true
}

with_shared_socket() {
  hold 18504
  load &
  local loading=$!
  sleep 8
  echo "start 18505" >&5
  ready 18505
  echo stop >&5
  wait "$loading" || lost=1
  exec 5>&-
  wait "${pids[-1]}" || true
}

lost=0
for way in "${@:-overlap socket shared}"; do
  for one in $way; do
    echo "== $one"
    case "$one" in
      overlap) overlap ;;
      socket) with_socket ;;
      shared) with_shared_socket ;;
      *) echo "restart.sh: $one (expected: overlap, socket or shared)" >&2; exit 2 ;;
    esac
  done
done
exit "$lost"
