#!/usr/bin/env bash
# What a chat costs Weir, Redis and PostgreSQL at 2,000 a second, by chain: `auth`, the usual one without the audit, with it,
# and with bodies. Four instances with an event loop each, on core 0; backend, load and stores on core 1. All four run at once
# and are measured in turns, round by round; a figure is the median of its rounds. Limits are in a Redis that all share (a
# database for each); PostgreSQL is a server for each, so that what one cleans up later is not counted for another.
#
#   packaging/bench/stores.sh [--rounds N] [--seconds N] [--warm-up SECONDS]        (default 3, 15 and 20)
#   packaging/bench/stores.sh --sqlite [...]        the same on the embedded SQLite, limits in memory
#
# Each instance is warmed up at full speed for SECONDS, then at 2,000 a second for half as long. Prints a table in Markdown, and
# every round's values to standard error. A request that fails, an audit record that is lost, a row too few or too many: the
# run is void, exit code 1. Processor time is what /proc says of all threads of a process, and for the stores of its children.
#
# Needs a built weir.jar (WEIR_JAR names another), nginx, wrk, curl, python3 and taskset; for the stores redis-server, psql and
# PostgreSQL's own programs, and the user postgres when root runs it. Loopback only, on ports that are free; takes about seven
# minutes and some 3 GB of TMPDIR, and ends by itself. Nothing else may run meanwhile.
set -euo pipefail
umask 077

usage() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "${BASH_SOURCE[0]}"; }
wrong() { echo "stores.sh: $*" >&2; exit 2; }

rounds=3
seconds=15
warm_up=20
stores=true
while [ $# -gt 0 ]; do
  option="$1"
  shift
  case "$option" in
    --sqlite) stores=false; continue ;;
    -h | --help) usage; exit ;;
    --rounds | --seconds | --warm-up) ;;
    *) wrong "$option (expected: --rounds N, --seconds N, --warm-up SECONDS, --sqlite or --help)" ;;
  esac
  [[ "${1:-}" =~ ^[1-9][0-9]{0,3}$ ]] || wrong "$option: ${1:-nothing} (expected: 1 to 9999)"
  case "$option" in
    --rounds) rounds="$1" ;;
    --seconds) seconds="$1" ;;
    --warm-up) warm_up="$1" ;;
  esac
  shift
done

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
jar="$(realpath -m "${WEIR_JAR:-$root/proxy-server/target/weir.jar}")"
usual="usage, auth, rate_limit, cache, transform"
if $stores; then limits=Redis; else limits=memory; fi
names=("\`auth\`" "the usual one, limits in $limits, no audit" "with the audit, no bodies" "with the audit and bodies")
pipelines=("auth" "cors, $usual" "cors, audit, $usual" "cors, audit, $usual")
bodies=(false false false true)
chains=(0 1 2 3)

need() { command -v "$1" >/dev/null || { echo "stores.sh needs $1${2:+ ($2)}" >&2; exit 1; }; }
[ -f "$jar" ] || { echo "stores.sh needs $jar: run ./mvnw -DskipTests package" >&2; exit 1; }
for tool in java nginx wrk curl python3 taskset; do need "$tool"; done
taskset -c 0,1 true 2>/dev/null || { echo "stores.sh needs the cores 0 and 1" >&2; exit 1; }
if $stores; then
  # Debian keeps PostgreSQL's own programs out of the PATH.
  postgresql="$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)" || true
  PATH="${postgresql:+$postgresql:}$PATH"
  need redis-server
  need psql "PostgreSQL's client"
  for tool in initdb pg_ctl postgres; do need "$tool" "PostgreSQL's server"; done
  if [ "$(id -u)" = 0 ]; then
    need runuser
    id postgres >/dev/null 2>&1 || { echo "stores.sh needs the user postgres: PostgreSQL does not run as root" >&2; exit 1; }
  fi
fi

work="$(mktemp -d)"
chmod 711 "$work" # for the user postgres, who has a directory of its own in it
pids=()
postmasters=()

# shellcheck disable=SC2317 # it is called by the trap
end() { # SIGNAL PID...: ends them, by force after 20 s
  local signal="$1" pid
  shift
  for pid in "$@"; do kill -s "$signal" "$pid" 2>/dev/null || true; done
  for _ in $(seq 200); do
    for pid in "$@"; do kill -0 "$pid" 2>/dev/null && sleep 0.1 && continue 2; done
    return 0 # not what the shell is about to exit with
  done
  for pid in "$@"; do kill -s KILL "$pid" 2>/dev/null || true; done
}
# shellcheck disable=SC2317 # it is called by the trap
stop() {
  local servers # also one that was not up in time
  end TERM "${pids[@]}"
  mapfile -t servers < <(head -qn 1 "$work"/pg/*/postmaster.pid 2>/dev/null)
  end INT "${servers[@]}"
  rm -rf "$work"
}
trap stop EXIT

void() { echo "stores.sh: void: $*" >&2; exit 1; }

as_postgres() { (cd / && if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi); }

start() { # CORE COMMAND...: starts in the background
  local core="$1"
  shift
  taskset -c "$core" "$@" >>"$work/log" 2>&1 &
  pids+=("$!")
}

await() { # URL: waits until it answers
  for _ in $(seq 300); do
    curl -fsS -m 5 -o "$work/answer" "$1" 2>/dev/null && return
    sleep 0.2
  done
  echo "$1 does not answer" >&2
  tail -n 20 "$work/log" >&2
  exit 1
}

mapfile -t ports < <(python3 - 10 <<'PY'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for each in sockets:
    each.bind(("127.0.0.1", 0))
for each in sockets:
    print(each.getsockname()[1])
PY
)
backend="${ports[0]}"
redis_port="${ports[1]}"
weir_ports=("${ports[@]:2:4}")
postgres_ports=("${ports[@]:6:4}")

cat >"$work/nginx.conf" <<NGINX
daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.err;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s; default_type application/json;
  client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
  server { listen 127.0.0.1:$backend backlog=4096; location / { return 200 '{"id":"chatcmpl-1","object":"chat.completion","created":1795237899,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant","content":"It helps to look at the sky one step at a time. The same principle appears in many other places once you begin to look for it."},"finish_reason":"stop"}],"usage":{"prompt_tokens":60,"completion_tokens":28,"total_tokens":88}}'; } }
}
NGINX

# With PACED_SECONDS 64 connections send a request 31 ms after the answer to the last, 2,000 a second, one after the other;
# when the time is up they fall silent, so that no request is under way when wrk ends.
cat >"$work/load.lua" <<'LUA'
wrk.method = "POST"
wrk.path = "/v1/chat/completions"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEY")
wrk.body = '{"model":"m","messages":[{"role":"system","content":"You are a helpful assistant who answers briefly and to the point, in plain words, without any markup."},{"role":"user","content":"Why is the sky blue on a clear day, and why does it turn red in the evening when the sun goes down? Please explain it to a child of ten years who likes to read about space and rockets and planets."}],"temperature":0.7,"max_tokens":200,"user":"u-42"}'

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, micros; } moment; int gettimeofday(moment *, void *);")
local moment = ffi.new("moment")
local paced = tonumber(os.getenv("PACED_SECONDS"))
local began
sent, took = 0, 0
if paced then
  function delay()
    ffi.C.gettimeofday(moment, nil)
    local now = tonumber(moment.seconds) + tonumber(moment.micros) / 1e6
    began = began or now
    if now - began >= paced then return 3600000 end
    sent, took = sent + 1, now - began
    return sent <= 64 and sent / 2 or 31
  end
end

local only
function setup(thread) only = thread end
function done(summary)
  local e = summary.errors
  print(string.format("counted %d %d %d %.3f", summary.requests, only:get("sent"),
    e.connect + e.read + e.write + e.status + e.timeout, only:get("took")))
end
LUA

configuration() { # CHAIN
  local database="sqlite:$work/$1/weir.db" redis=""
  if $stores; then
    database="postgresql://postgres:$PGPASSWORD@127.0.0.1:${postgres_ports[$1]}/weir"
    redis="redis://127.0.0.1:$redis_port/$1"
  fi
  cat <<YAML
server: {listen: "127.0.0.1:${weir_ports[$1]}", event_loops: 1}
database: {url: "$database"}
redis: {url: "$redis"}
backends: {b: {url: "http://127.0.0.1:$backend", kind: openai, max_in_flight: 4096}}
models: {m: {targets: [{backend: b, model: upstream-model}]}}
discover_models: false
logging: {access_log: false}
metrics: {access: open}
pipeline: [${pipelines[$1]}]
middleware:
  rate_limit: {per_key: {requests_per_minute: 100000000, tokens_per_minute: 100000000, parallel: 30000}}
  audit: {spill_directory: "$work/$1/spill", bodies: ${bodies[$1]}}
YAML
}

start_stores() {
  PGPASSWORD="$(python3 -c 'import secrets; print(secrets.token_hex(16))')"
  export PGPASSWORD PGCONNECT_TIMEOUT=10
  start 1 redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no --dir "$work"
  redis="${pids[-1]}"
  mkdir "$work/pg"
  printf '%s\n' "$PGPASSWORD" >"$work/pg/password"
  if [ "$(id -u)" = 0 ]; then chown -R postgres "$work/pg"; fi
  as_postgres initdb -D "$work/pg/0" -U postgres -E UTF8 -A scram-sha-256 --pwfile="$work/pg/password" >>"$work/log"
  local chain
  for chain in 1 2 3; do as_postgres cp -a "$work/pg/0" "$work/pg/$chain"; done
  for chain in "${chains[@]}"; do
    as_postgres taskset -c 1 pg_ctl -D "$work/pg/$chain" -l "$work/pg/$chain.log" -w -t 60 start \
      -o "-p ${postgres_ports[chain]} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" >>"$work/log" ||
      { cat "$work/pg/$chain.log" >&2; exit 1; }
    postmasters[chain]="$(as_postgres head -n 1 "$work/pg/$chain/postmaster.pid")"
    psql -Xq -h 127.0.0.1 -p "${postgres_ports[chain]}" -U postgres -d postgres -c 'create database weir'
  done
}

query() { # CHAIN SQL: of the chain's database
  if $stores; then
    psql -XAtq -h 127.0.0.1 -p "${postgres_ports[$1]}" -U postgres -d weir -c "$2"
  else
    python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1], timeout=20).execute(sys.argv[2]).fetchone()[0])' \
      "$work/$1/weir.db" "$2"
  fi
}
audit_rows() { query "$1" "select count(*) from audit"; } # CHAIN
audit_bytes() { # CHAIN: what the audit takes on disk, indexes included; SQLite: what the whole file does
  if $stores; then
    query "$1" "select coalesce(sum(pg_total_relation_size(inhrelid)), 0) from pg_inherits where inhparent = 'audit'::regclass"
  else
    query "$1" "select page_count * page_size from pragma_page_count(), pragma_page_size()"
  fi
}
wal_bytes() { if $stores; then query "$1" "select pg_current_wal_insert_lsn() - '0/0'"; else echo 0; fi; } # CHAIN

ticks() { # PID...: of each the processor time so far, its children's included, also of those that have ended; 0 for 0
  { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v of="$*" '
    { pid = $1; sub(/^.*\) /, ""); own[pid] = $12 + $13 + $14 + $15; parent[pid] = $2 }
    END {
      for (pid in own) { all[pid] += own[pid]; all[parent[pid]] += own[pid] }
      n = split(of, wanted, " ")
      for (i = 1; i <= n; i++) printf "%d ", wanted[i] ? all[wanted[i]] : 0
      print ""
    }'
}
processor_time() { # CHAIN: that of its Weir, Redis and PostgreSQL
  if $stores; then ticks "${weirs[$1]}" "$redis" "${postmasters[$1]}"; else ticks "${weirs[$1]}" 0 0; fi
}

metric() { # CHAIN NAME: the sum over its labels
  curl -fsS -m 5 "http://127.0.0.1:${weir_ports[$1]}/metrics" |
    awk -v name="$2" '{ split($1, m, "{") } m[1] == name { sum += $NF } END { printf "%d\n", sum }'
}

settle() { # CHAIN: waits until its audit is written
  for _ in $(seq 240); do
    if [ "$(metric "$1" weir_audit_queue)" = 0 ] && [ "$(metric "$1" weir_audit_spill_bytes)" = 0 ]; then break; fi
    sleep 0.5
  done
  [ "$(metric "$1" weir_audit_queue)" = 0 ] || void "${names[$1]}: the audit is not written after two minutes"
}

load() { # CHAIN SECONDS [PACED]: sets completed, sent, failed and took (s)
  local paced="${3:-}" all="$2"
  if [ -n "$paced" ]; then all=$(($2 + 2)); fi
  KEY="${keys[$1]}" PACED_SECONDS="${paced:+$2}" taskset -c 1 wrk -t1 -c64 -d"${all}s" --timeout 20s -s "$work/load.lua" \
    "http://127.0.0.1:${weir_ports[$1]}/" >"$work/wrk"
  read -r completed sent failed took < <(sed -n 's/^counted //p' "$work/wrk") || { cat "$work/wrk" >&2; exit 1; }
  if [ "$failed" != 0 ] || [ "$completed" = 0 ]; then
    grep -E 'Non-2xx|Socket errors|requests in' "$work/wrk" >&2 || true
    void "${names[$1]}: $failed requests failed"
  fi
  if [ -n "$paced" ] && [ "$sent" != "$completed" ]; then
    void "${names[$1]}: $sent requests sent, $completed answered"
  fi
}

measure() { # CHAIN ROUND: adds a line to the results
  local before rows wal after more written=0
  rows="$(audit_rows "$1")"
  wal="$(wal_bytes "$1")"
  sleep 1 # the server of that last query has ended
  before="$(processor_time "$1")"
  load "$1" "$seconds" paced
  sleep 0.5 # the last batch is written
  after="$(processor_time "$1")"
  settle "$1"
  wal=$(($(wal_bytes "$1") - wal))
  more=$(($(audit_rows "$1") - rows))
  if [[ "${pipelines[$1]}" == *audit* ]]; then written="$sent"; fi
  [ "$more" = "$written" ] || void "${names[$1]}: $more audit rows of $sent requests (expected: $written)"
  echo "$1 $2 $sent $took $before $after $wal" | awk -v hertz="$(getconf CLK_TCK)" '{
    per = 1e6 / hertz / $3
    print $1, $3 / $4, ($8 - $5) * per, ($9 - $6) * per, ($10 - $7) * per, $11 / $3
  }' >>"$work/results"
  tail -n 1 "$work/results" | awk -v name="${names[$1]}" -v round="$2" -v stores="$stores" '{
    printf "round %d, %s: %.0f/s, Weir %.1f µs", round, name, $2, $3
    if (stores == "true") printf ", Redis %.1f µs, PostgreSQL %.1f µs, %.0f bytes of WAL", $4, $5, $6
    print ""
  }' >&2
}

start 1 nginx -p "$work" -e "$work/nginx.err" -c "$work/nginx.conf"
await "http://127.0.0.1:$backend/"
if $stores; then start_stores; fi
weirs=()
keys=()
bytes=()
for chain in "${chains[@]}"; do
  mkdir "$work/$chain"
  configuration "$chain" >"$work/$chain/weir.yaml"
  export STATE_DIRECTORY="$work/$chain"
  timeout 60 java -jar "$jar" keys create --json --config "$work/$chain/weir.yaml" bench >"$work/$chain/key" 2>>"$work/log" ||
    { tail -n 20 "$work/log" >&2; exit 1; }
  keys[chain]="$(python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])' <"$work/$chain/key")"
  start 0 java "@$root/packaging/files/weir.jvm" -jar "$jar" serve --config "$work/$chain/weir.yaml"
  weirs[chain]="${pids[-1]}"
  await "http://127.0.0.1:${weir_ports[chain]}/readyz"
  bytes[chain]="$(audit_bytes "$chain")"
done

for chain in "${chains[@]}"; do
  load "$chain" "$warm_up"
  echo "warmed up, ${names[chain]}: $((completed / warm_up))/s" >&2
  settle "$chain"
  load "$chain" $(((warm_up + 1) / 2)) paced
  settle "$chain"
done
for round in $(seq "$rounds"); do
  for chain in "${chains[@]}"; do measure "$chain" "$round"; done
done

for chain in "${chains[@]}"; do
  rows="$(audit_rows "$chain")"
  if [ "$rows" = 0 ]; then echo 0; else echo $((($(audit_bytes "$chain") - bytes[chain]) / rows)); fi
done >"$work/row-bytes"
python3 - "$work" "$stores" "${names[@]}" <<'PY'
import statistics, sys
work, stores, names = sys.argv[1], sys.argv[2] == "true", sys.argv[3:]
rounds = [[float(word) for word in line.split()] for line in open(work + "/results")]
row_bytes = [int(line) for line in open(work + "/row-bytes")]
head = ["chain", "Weir µs", "times `auth`"] + ["Redis µs", "PostgreSQL µs", "WAL bytes"] * stores + ["bytes a row of the audit"]
print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
for chain, name in enumerate(names):
    rate, weir, redis, postgres, wal = (
        statistics.median(values) for values in zip(*(line[1:] for line in rounds if line[0] == chain)))
    if chain == 0:
        auth = weir
    cells = [name, f"{weir:.0f}", f"{weir / auth:.2f}"]
    if stores:
        cells += [f"{redis:.0f}", f"{postgres:.0f}", f"{wal:,.0f}"]
    print("| " + " | ".join(cells + [f"{row_bytes[chain]:,}" if row_bytes[chain] else ""]) + " |")
rates = [line[1] for line in rounds]
print(f"\nRounds: {len(rounds) // len(names)}, {min(rates):,.0f} to {max(rates):,.0f} chats a second.")
PY
