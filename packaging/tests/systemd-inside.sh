#!/usr/bin/env bash
# Run by systemd.sh inside what it has booted.
set -euo pipefail
cd /root
# shellcheck source=packaging/tests/checks.sh
source /root/checks.sh
url=http://127.0.0.1:4000
master="$(sed -n 's/^WEIR_MASTER_KEY=//p' /etc/weir/weir.env)"

shown() { systemctl show --property="$1" --value "${2:-weir.service}"; }
ask() { curl -fsS --max-time 60 -H "Authorization: Bearer $master" "$url$1"; }

starts() {
  systemctl start "$1" || { systemctl status --no-pager --lines=30 "$1" || return 1; }
}

# The request waits in the socket while there is no Weir.
waits_for_a_restart() {
  systemctl restart --no-block weir.service
  local code
  for _ in $(seq 100); do
    code="$(curl -sS --max-time 60 -o /dev/null -w '%{http_code}' "$url/healthz")" || return 1
    [ "$code" = 200 ] || { echo "answered $code" && return 1; }
    sleep 0.1
  done
}

# Asks every tenth of a second while the command runs, on a connection of its own each time.
without_a_pause() {
  "$@" &
  local restart=$! code slowest=0 begun took
  while kill -0 "$restart" 2>/dev/null; do
    begun="$(date +%s%N)"
    code="$(curl -sS --max-time 30 -o /dev/null -w '%{http_code}' "$url/healthz")" || code=none
    took=$((($(date +%s%N) - begun) / 1000000))
    [ "$took" -lt "$slowest" ] || slowest=$took
    [ "$code" = 200 ] || { echo "answered $code" && return 1; }
    sleep 0.1
  done
  echo "slowest: $slowest ms"
  wait "$restart"
}

# A chat that takes twenty seconds goes on in the instance that ends.
outlives_a_restart() {
  curl -sSN --max-time 100 -H "Authorization: Bearer $master" -H 'Content-Type: application/json' "$url/v1/chat/completions" \
    -d '{"model": "hx-chat-creative", "stream": true, "messages": [{"role": "user", "content": "hello"}]}' >/root/stream &
  local stream=$!
  for _ in $(seq 200); do
    if grep -q data: /root/stream; then break; fi
    sleep 0.1
  done
  weir-restart || return 1
  if grep -q DONE /root/stream; then echo "the stream was over too soon" && return 1; fi
  wait "$stream" || true
  grep -q '^data: \[DONE\]' /root/stream || { tail -n 5 /root/stream && return 1; }
}

one_is_left() {
  for _ in $(seq 100); do
    if [ "$(systemctl list-units --plain --no-legend 'weir@*' | grep -c .)" = 1 ]; then return 0; fi
    sleep 0.5
  done
  systemctl list-units 'weir@*'
  return 1
}

# The watchdog ends a process that has stopped and starts another.
is_brought_back() {
  local before
  before="$(shown MainPID)"
  kill -STOP "$before"
  for _ in $(seq 90); do
    if [ "$(shown MainPID)" != "$before" ] && [ "$(shown SubState)" = running ]; then return 0; fi
    sleep 1
  done
  return 1
}

systemd-run --quiet --unit=sim weir sim --port 11434 --ttft 1ms
for name in LLM01_URL LLM02_URL ORC_URL; do
  echo "$name=http://127.0.0.1:11434" >>/etc/weir/weir.env
done
systemctl restart weir.service || true

check "it starts, and says when it is ready" is "$(shown ActiveState) $(shown SubState) $(shown Result)" "active running success"
check "it answers" ask /healthz
check "it runs as weir" is "$(ps -o user= -p "$(shown MainPID)")" weir
check "it reads /proc/stat and /proc/meminfo" ask /management/system/resources
check "it sees no other process" is "$(nsenter --target "$(shown MainPID)" --mount -- \
  setpriv --reuid=weir --regid=weir --clear-groups ls /proc | grep -cx 1)" 0
check "the file system is not its to write" not nsenter --target "$(shown MainPID)" --mount -- touch /usr/share/weir/x
check "smoke passes" starts weir-smoke.service
check "health passes" starts weir-health.service
check "the database is backed up" starts weir-backup.service
check "the configuration is backed up" starts weir-config-backup.service
check "the backups are there" test -n "$(ls /var/lib/weir/backups/database /var/lib/weir/backups/config)"
reloaded_before="$(shown MainPID)"
check "it reloads" systemctl reload weir.service
# systemctl does not wait for a service to say that it has reloaded.
for _ in $(seq 100); do
  if [ "$(shown ActiveState)" != reloading ]; then break; fi
  sleep 0.2
done
check "a reload keeps the process" is "$(shown MainPID) $(shown ActiveState)" "$reloaded_before active"
check "it stops with 0" systemctl stop weir.service
check "it has not failed" is "$(shown Result) $(shown ExecMainStatus)" "success 0"
check "the socket is started" starts weir.socket
check "the first request starts it" ask /healthz
check "no request is refused while it restarts" waits_for_a_restart
check "it is running after that" is "$(shown SubState)" running
check "the watchdog brings back what hangs" is_brought_back
check "it answers again" ask /healthz

systemd-run --quiet --unit=slow-sim weir sim --port 11435 --ttft 1ms --tokens-per-second 3
sed -i 's|^LLM02_URL=.*|LLM02_URL=http://127.0.0.1:11435|' /etc/weir/weir.env
sed -i 's/drain: 30s/drain: 120s/' /etc/weir/weir.yaml
check "two instances take over" weir-restart --enable
check "the first of them serves" is "$(shown SubState weir@a.service) $(shown ActiveState)" "running inactive"
check "the port's own service is a stand-in" ask /healthz
check "a restart makes nobody wait" without_a_pause weir-restart
check "the second one serves" is "$(shown SubState weir@b.service)" running
check "the first one ends" one_is_left
check "a stream outlives a restart" outlives_a_restart
check "the second one ends" one_is_left
check "an upgrade makes nobody wait" without_a_pause dpkg -i /root/weir.deb
check "it has restarted the instance" is "$(shown SubState weir@b.service) $(shown ActiveState)" "running inactive"
check "the other one ends" one_is_left
# shellcheck disable=SC2016 # for the inner shell
check "a failed start leaves the first one" bash -c '
  cp /etc/weir/weir.yaml /root/good.yaml; echo "nonsense: 1" >>/etc/weir/weir.yaml
  weir-restart; code=$?; cp /root/good.yaml /etc/weir/weir.yaml; [ $code = 1 ]'
check "it answers" ask /healthz
check "the way back" weir-restart --disable
check "it answers once more" ask /healthz

echo "nonsense: 1" >>/etc/weir/weir.yaml
check "a reload of a bad configuration leaves it running" \
  bash -c 'systemctl reload weir.service; sleep 2; systemctl is-active weir.service'
check "a bad configuration does not start" not systemctl restart weir.service
[ "$failed" = 0 ] || journalctl --no-pager --unit=weir.service | grep -v '"route":"/healthz"' | tail -60
finish
