#!/usr/bin/env bash
# What a cache hit costs through Weir and through nginx's proxy_cache, side by side: CPU time of the proxy's process from
# /proc/PID/stat. An embeddings request of 256 words and its answer of 8 KB, 64 connections. Proxies run on one pinned core,
# load on the other; rounds alternate. Weir checks the key and counts metrics, nginx does neither; both write no access log.
# Needs nginx, wrk, curl and a built weir.jar. Loopback only; takes about (ROUNDS x 14 s) + 30 s and ends by itself.
#
#   packaging/bench/cache-nginx.sh [ROUNDS]        (default 5)
set -euo pipefail

rounds="${1:-5}"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
jar="$root/proxy-server/target/weir.jar"
seconds=7
work="$(mktemp -d)"
pids=()

cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

for tool in nginx wrk curl taskset java; do
  command -v "$tool" >/dev/null || { echo "cache-nginx.sh needs $tool" >&2; exit 1; }
done
[ -f "$jar" ] || { echo "cache-nginx.sh needs $jar: run ./mvnw -DskipTests package" >&2; exit 1; }

start() { # CORE COMMAND...: starts in the background, pinned; its process id is in $!
  local core="$1"
  shift
  taskset -c "$core" "$@" >>"$work/log" 2>&1 &
  pids+=("$!")
}

vector="$(awk 'BEGIN {srand(1); for (i = 0; i < 384; i++) printf "%s%.17f", i ? "," : "", rand() - 0.5}')"
words="$(awk 'BEGIN {srand(2); split("river weir water holds back stream stone gate slow deep", w, " ");
  for (i = 0; i < 256; i++) printf "%s%s", i ? " " : "", w[1 + int(rand() * 10)]}')"
printf '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[%s]}],"model":"m","usage":{"prompt_tokens":256,"total_tokens":256}}' \
  "$vector" >"$work/answer"

as_root="$([ "$(id -u)" = 0 ] && echo "user root;" || true)"
common="daemon off; $as_root worker_processes 1; events { worker_connections 4096; }"
cat >"$work/backend" <<EOF
$common pid $work/backend.pid; error_log $work/backend.err;
http { access_log off; server { listen 127.0.0.1:18080; root $work; default_type application/json;
  location / { error_page 405 =200 /answer; try_files /answer =404; } } }
EOF
cat >"$work/proxy" <<EOF
$common pid $work/proxy.pid; error_log $work/proxy.err;
http { access_log off; keepalive_requests 100000000;
  proxy_cache_path $work/cache keys_zone=c:10m;
  server { listen 127.0.0.1:18081; client_body_buffer_size 64k;
    location / { proxy_pass http://127.0.0.1:18080; proxy_cache c; proxy_cache_methods POST; proxy_cache_valid 200 1h;
      proxy_cache_key "\$request_uri|\$request_body"; add_header x-cache \$upstream_cache_status; } } }
EOF
cat >"$work/weir.yaml" <<EOF
server: {listen: "127.0.0.1:18082", event_loops: 1}
database: {url: "sqlite:$work/weir.db"}
pipeline: [auth, cache]
backends: {b: {url: "http://127.0.0.1:18080", kind: openai}}
models: {m: {targets: [{backend: b, model: m}]}}
discover_models: false
logging: {access_log: false}
EOF
cat >"$work/post.lua" <<EOF
wrk.method="POST" wrk.path="/v1/embeddings"
wrk.headers["Content-Type"]="application/json" wrk.headers["Authorization"]="Bearer sk-hx-dev-1234"
wrk.body='{"model":"m","input":"$words"}'
EOF

start 1 nginx -c "$work/backend"
start 0 nginx -c "$work/proxy"
STATE_DIRECTORY="$work" start 0 java -Xmx256m -jar "$jar" serve --config "$work/weir.yaml"
weir=$!
for _ in $(seq 120); do
  curl -sf -o "$work/health" http://127.0.0.1:18082/healthz && break
  sleep 0.5
done
nginx="$(pgrep -P "$(cat "$work/proxy.pid")" | head -1)"
for pid in $(pgrep -P "$(cat "$work/proxy.pid")"); do # the worker, not the processes that look after the cache
  grep -q 'worker process' "/proc/$pid/cmdline" && nginx="$pid"
done

expect_hit() { # NAME PORT FIELD
  for _ in 1 2; do
    curl -s -o "$work/got" -D "$work/head" "http://127.0.0.1:$2/v1/embeddings" -H 'Content-Type: application/json' \
      -H 'Authorization: Bearer sk-hx-dev-1234' -d "{\"model\":\"m\",\"input\":\"$words\"}"
  done
  grep -qi "^$3: hit" "$work/head" && cmp -s "$work/got" "$work/answer" || { echo "$1: not a hit" >&2; cat "$work/head" >&2; exit 1; }
}

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }

hits() { # NAME PORT PID: CPU microseconds per hit, hits per second
  local before after out
  before="$(ticks "$3")"
  out="$(taskset -c 1 wrk -t1 -c64 "-d${seconds}s" --timeout 30s -s "$work/post.lua" "http://127.0.0.1:$2/")"
  after="$(ticks "$3")"
  if grep -qE 'Non-2xx|Socket errors' <<<"$out"; then echo "$1: failed requests, void" >&2; echo "$out" >&2; exit 1; fi
  awk -v t=$((after - before)) -v n="$(awk '/requests in/ {print $1}' <<<"$out")" -v s="$seconds" \
    'BEGIN {printf "%.1f %.0f\n", t * 10000 / n, n / s}'
}

median() { sort -n | awk '{v[NR] = $1} END {print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
spread() { sort -n | awk 'NR == 1 {a = $1} {b = $1} END {print a "-" b}'; }

expect_hit nginx 18081 x-cache
expect_hit weir 18082 x-weir-cache
echo "warming up" >&2
for _ in 1 2; do hits weir 18082 "$weir" >/dev/null; done
for round in $(seq "$rounds"); do
  hits nginx 18081 "$nginx" >>"$work/nginx.hits"
  hits weir 18082 "$weir" >>"$work/weir.hits"
  echo "round $round of $rounds: $(tail -1 "$work/nginx.hits") | $(tail -1 "$work/weir.hits")" >&2
done
expect_hit weir 18082 x-weir-cache

row() { # TITLE COLUMN
  local n w
  n="$(awk -v c="$2" '{print $c}' "$work/nginx.hits" | median)"
  w="$(awk -v c="$2" '{print $c}' "$work/weir.hits" | median)"
  echo "| $1 | $n ($(awk -v c="$2" '{print $c}' "$work/nginx.hits" | spread)) | $w ($(awk -v c="$2" '{print $c}' "$work/weir.hits" | spread)) | $(awk -v a="$w" -v b="$n" 'BEGIN {printf "%.2f", a / b}') |"
}
echo "| medians of $rounds rounds (lowest-highest) | nginx proxy_cache | Weir | Weir / nginx |"
echo "|---|---|---|---|"
row "CPU per hit of 8 KB, µs" 1
row "hits per second on one core" 2
