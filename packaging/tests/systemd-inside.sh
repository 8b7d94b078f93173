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
check "a reload keeps the process" is "$(shown MainPID) $(shown ActiveState)" "$reloaded_before active"
check "it stops with 0" systemctl stop weir.service
check "it has not failed" is "$(shown Result) $(shown ExecMainStatus)" "success 0"
check "the socket is started" starts weir.socket
check "the first request starts it" ask /healthz
check "no request is refused while it restarts" waits_for_a_restart
check "it is running after that" is "$(shown SubState)" running
check "the watchdog brings back what hangs" is_brought_back
check "it answers again" ask /healthz
echo "nonsense: 1" >>/etc/weir/weir.yaml
check "a reload of a bad configuration leaves it running" \
  bash -c 'systemctl reload weir.service; sleep 2; systemctl is-active weir.service'
check "a bad configuration does not start" not systemctl restart weir.service
[ "$failed" = 0 ] || journalctl --no-pager --unit=weir.service | grep -v '"route":"/healthz"' | tail -60
finish
