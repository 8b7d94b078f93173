#!/usr/bin/env bash
# What a request and a streamed event cost through Weir and through nginx, side by side: CPU time of the proxy's process
# from /proc/PID/stat. Proxies run on one pinned core, backends and load on another; rounds alternate between the two.
# Needs nginx, wrk and a built weir.jar. Loopback only; takes about (ROUNDS x 32 s) + 30 s and ends by itself.
#
#   packaging/bench/cost.sh [ROUNDS]        (default 5)
set -euo pipefail

rounds="${1:-5}"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
jar="$root/proxy-server/target/weir.jar"
proxy_core=0
load_core=1
seconds=8
work="$(mktemp -d)"
pids=()

cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

for tool in nginx wrk taskset java; do
  command -v "$tool" >/dev/null || { echo "cost.sh needs $tool" >&2; exit 1; }
done
[ -f "$jar" ] || { echo "cost.sh needs $jar: run ./mvnw -DskipTests package" >&2; exit 1; }

start() { # CORE COMMAND...: starts in the background, pinned; its process id is in $!
  local core="$1"
  shift
  taskset -c "$core" "$@" >>"$work/log" 2>&1 &
  pids+=("$!")
}

nginx_conf() { # FILE BODY: a configuration with one worker in the foreground
  cat >"$work/$1" <<EOF
daemon off; worker_processes 1; pid $work/$1.pid; error_log $work/$1.err;
events { worker_connections 8192; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; $2 }
EOF
}

proxy_conf() { # PORT BACKEND
  echo "upstream b { server 127.0.0.1:$2; keepalive 512; keepalive_requests 100000000; }
    server { listen 127.0.0.1:$1 backlog=4096; location / { proxy_pass http://b; proxy_http_version 1.1;
      proxy_set_header Connection \"\"; proxy_buffering off; } }"
}

weir_conf() { # FILE PORT BACKEND
  cat >"$work/$1" <<EOF
server: {listen: "127.0.0.1:$2", event_loops: 1}
backends: {b: {url: "http://127.0.0.1:$3", kind: openai, max_in_flight: 4096}}
models: {m: {targets: [{backend: b, model: "upstream-model"}]}}
discover_models: false
EOF
}

answer='{"id":"chatcmpl-1","object":"chat.completion","created":1795237899,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant","content":"It helps to look at the sky one step at a time. The same principle appears in many other places once you begin to look for it."},"finish_reason":"stop"}],"usage":{"prompt_tokens":60,"completion_tokens":28,"total_tokens":88}}'
nginx_conf backend "server { listen 127.0.0.1:18080 backlog=4096; default_type application/json; location / { return 200 '$answer'; } }"
nginx_conf chat "$(proxy_conf 18081 18080)"
nginx_conf sse "$(proxy_conf 18091 18090)"
weir_conf weir-chat.yaml 18082 18080
weir_conf weir-sse.yaml 18092 18090

head='wrk.method="POST" wrk.path="/v1/chat/completions"
wrk.headers["Content-Type"]="application/json" wrk.headers["Authorization"]="Bearer sk-hx-dev-1234"'
cat >"$work/chat.lua" <<EOF
$head
wrk.body='{"model":"m","messages":[{"role":"system","content":"You are a helpful assistant who answers briefly and to the point, in plain words, without any markup."},{"role":"user","content":"Why is the sky blue on a clear day, and why does it turn red in the evening when the sun goes down? Please explain it to a child of ten years who likes to read about space and rockets and planets."}],"temperature":0.7,"max_tokens":200,"user":"u-42"}'
EOF
cat >"$work/sse.lua" <<EOF
$head
wrk.body='{"model":"m","stream":true,"max_tokens":200,"ignore_eos":true,"messages":[{"role":"user","content":"Tell me about rivers"}]}'
EOF

start $load_core nginx -c "$work/backend"
start $load_core java -Xmx512m -jar "$jar" sim --port 18090 --kind openai --models m,upstream-model --ttft 1ms --tokens-per-second 50
start $proxy_core nginx -c "$work/chat"
start $proxy_core nginx -c "$work/sse"
start $proxy_core java -Xmx256m -jar "$jar" serve --config "$work/weir-chat.yaml"
weir_chat=$!
start $proxy_core java -Xmx256m -jar "$jar" serve --config "$work/weir-sse.yaml"
weir_sse=$!
sleep 4
nginx_chat="$(pgrep -P "$(cat "$work/chat.pid")")"
nginx_sse="$(pgrep -P "$(cat "$work/sse.pid")")"

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }

chat() { # NAME PORT PID: CPU microseconds per request, requests per second
  local before after out
  before="$(ticks "$3")"
  out="$(taskset -c $load_core wrk -t1 -c64 "-d${seconds}s" -s "$work/chat.lua" "http://127.0.0.1:$2/")"
  after="$(ticks "$3")"
  if grep -qE 'Non-2xx|Socket errors' <<<"$out"; then echo "$1: failed requests, void" >&2; echo "$out" >&2; exit 1; fi
  awk -v t=$((after - before)) -v n="$(awk '/requests in/ {print $1}' <<<"$out")" -v s="$seconds" \
    'BEGIN {printf "%.1f %.0f\n", t * 10000 / n, n / s}'
}

sse() { # NAME PORT PID: CPU microseconds per event at 300 streams, 50 events a second each
  local before after out
  before="$(ticks "$3")"
  out="$(taskset -c $load_core wrk -t1 -c300 "-d${seconds}s" --timeout 60s -s "$work/sse.lua" "http://127.0.0.1:$2/")"
  after="$(ticks "$3")"
  if grep -qE 'Non-2xx|Socket errors' <<<"$out"; then echo "$1: failed streams, void" >&2; echo "$out" >&2; exit 1; fi
  # Each stream sends 50 events a second for the whole time.
  awk -v t=$((after - before)) -v s="$seconds" 'BEGIN {printf "%.1f\n", t * 10000 / (300 * 50 * s)}'
}

median() { sort -n | awk '{v[NR] = $1} END {print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
spread() { sort -n | awk 'NR == 1 {a = $1} {b = $1} END {print a "-" b}'; }

echo "warming up" >&2
for _ in 1 2 3; do chat weir 18082 "$weir_chat" >/dev/null; done
for _ in 1 2; do sse weir 18092 "$weir_sse" >/dev/null; done
for round in $(seq "$rounds"); do
  chat nginx 18081 "$nginx_chat" >>"$work/chat.nginx"
  chat weir 18082 "$weir_chat" >>"$work/chat.weir"
  sse nginx 18091 "$nginx_sse" >>"$work/sse.nginx"
  sse weir 18092 "$weir_sse" >>"$work/sse.weir"
  echo "round $round of $rounds: chat $(tail -1 "$work/chat.nginx") | $(tail -1 "$work/chat.weir"), event $(tail -1 "$work/sse.nginx") | $(tail -1 "$work/sse.weir")" >&2
done

row() { # TITLE NGINX-FILE WEIR-FILE COLUMN
  local n w
  n="$(awk -v c="$4" '{print $c}' "$2" | median)"
  w="$(awk -v c="$4" '{print $c}' "$3" | median)"
  echo "| $1 | $n ($(awk -v c="$4" '{print $c}' "$2" | spread)) | $w ($(awk -v c="$4" '{print $c}' "$3" | spread)) | $(awk -v a="$w" -v b="$n" 'BEGIN {printf "%.2f", a / b}') |"
}
echo "| medians of $rounds rounds (lowest-highest) | nginx | Weir | Weir / nginx |"
echo "|---|---|---|---|"
row "CPU per chat of 430 bytes, 64 connections, µs" "$work/chat.nginx" "$work/chat.weir" 1
row "chats per second on one core" "$work/chat.nginx" "$work/chat.weir" 2
row "CPU per relayed event, 300 streams of 50 events/s, µs" "$work/sse.nginx" "$work/sse.weir" 1
