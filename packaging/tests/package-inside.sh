#!/usr/bin/env bash
# Run by package.sh inside the chroot.
set -euo pipefail
cd /root
# shellcheck source=packaging/tests/checks.sh
source /root/checks.sh
ip link set lo up

# Every file there is, but for what the tools themselves note down.
listing() {
  find / -xdev \( -path /proc -o -path /run -o -path /root -o -path /tmp -o -path /var/lib/dpkg -o -path /var/log -o -path /var/cache/apt \
    -o -path /var/lib/apt -o -name '*-' \) -prune -o -print | LC_ALL=C sort
  find /var/log/weir 2>/dev/null || true
}

mode() { stat -c '%a %U:%G' "$1"; }

# Becomes the unit's own command line, as its user, with its environment.
as_service() {
  cd /var/lib/weir
  set -a
  # shellcheck source=/dev/null
  source /etc/weir/weir.env
  set +a
  # shellcheck disable=SC2086 # a command line of the unit
  exec env STATE_DIRECTORY=/var/lib/weir setpriv --reuid=weir --regid=weir --init-groups $1
}

# A command on a busy machine may find that the database took too long to open.
soon() {
  for _ in 1 2 3 4; do
    if "$@"; then return 0; fi
    sleep 1
  done
  "$@"
}

answers() {
  local url="$1"
  for _ in $(seq 120); do
    if curl -fsS "$url" 2>/dev/null; then return 0; fi
    sleep 0.5
  done
  echo "no answer from $url"
  return 1
}

exec_line() { sed -n "s/^$1=//p" "/usr/lib/systemd/system/${2:-weir}.service"; }

run_the_unit() {
  weir sim --port 11434 --ttft 1ms >/root/sim.log 2>&1 &
  local sim=$!
  check "ExecStartPre passes" as_service "$(exec_line ExecStartPre)"
  as_service "$(exec_line ExecStart)" >/root/serve.log 2>&1 &
  local serve=$!
  check "ExecStart answers /healthz" answers http://127.0.0.1:4000/healthz
  check "it runs as weir, and is the process itself" is "$(ps -o user=,comm= -p "$serve" | xargs)" "weir java"
  check "it runs with weir.jvm" grep -qa /usr/share/weir/weir.jvm "/proc/$serve/cmdline"
  local master
  master="$(sed -n 's/^WEIR_MASTER_KEY=//p' /etc/weir/weir.env)"
  check "the generated master key is good" \
    curl -fsS -H "Authorization: Bearer $master" http://127.0.0.1:4000/v1/models
  check "keys created by root are those of the service" soon weir keys create from-root
  check "the database is the service's" is "$(mode /var/lib/weir/data/weir.db | cut -d' ' -f2)" weir:weir
  check "weir smoke passes" weir smoke
  check "weir doctor finds nothing" weir doctor
  check "weir-backup.service's command makes a backup" as_service "$(exec_line ExecStart weir-backup)"
  check "the backup is whole" weir backup database --verify
  kill -HUP "$serve"
  check "it answers after a reload" answers http://127.0.0.1:4000/healthz
  kill -TERM "$serve"
  local code=0
  wait "$serve" || code=$?
  check "SIGTERM ends it with 0" is "$code" 0
  [ "$code" = 0 ] || cat /root/serve.log
  kill "$sim"
  wait "$sim" || true
}

listing >/root/before
check "it installs" apt-get install -yq --no-install-recommends ./weir.deb
check "weir.yaml is 640 root:weir" is "$(mode /etc/weir/weir.yaml)" "640 root:weir"
check "weir.env is 640 root:weir" is "$(mode /etc/weir/weir.env)" "640 root:weir"
check "/etc/weir is 750 root:weir" is "$(mode /etc/weir)" "750 root:weir"
check "/var/lib/weir is 750 weir:weir" is "$(mode /var/lib/weir)" "750 weir:weir"
check "/var/log/weir is 750 weir:weir" is "$(mode /var/log/weir)" "750 weir:weir"
check "the user has no shell and no home" is "$(getent passwd weir | cut -d: -f6,7)" "/nonexistent:/usr/sbin/nologin"
check "weir is on the path" weir version
check "the archive of classes is there and used" test -s /var/cache/weir/weir.jsa
check "others cannot read the secrets" not setpriv --reuid=nobody --regid=nogroup --clear-groups cat /etc/weir/weir.env
check "the manual page is there" test -s /usr/share/man/man1/weir.1.gz
# shellcheck disable=SC2016 # for the inner shell
check "bash completes its commands" bash -c 'source /usr/share/bash-completion/completions/weir && complete -p weir &&
  COMP_WORDS=(weir ch) COMP_CWORD=1 && _complete_weir && [ "${COMPREPLY[0]}" = check ]'
units=(/usr/lib/systemd/system/weir*.{service,socket,timer})
check "systemd-analyze verify is silent" is "$(systemd-analyze verify --man=no "${units[@]}" 2>&1)" ""
check "the exposure is 2.0 at most" systemd-analyze security --offline=true --threshold=20 weir.service
check "the services are enabled" test -L /etc/systemd/system/multi-user.target.wants/weir.service \
  -a -L /etc/systemd/system/timers.target.wants/weir-backup.timer
check "the socket is not" not test -e /etc/systemd/system/sockets.target.wants/weir.socket
for name in LLM01_URL LLM02_URL ORC_URL; do
  echo "$name=http://127.0.0.1:11434" >>/etc/weir/weir.env
done
run_the_unit

cp /etc/weir/weir.env /root/env.before
sed -i 's/max_connections: 10000 /max_connections: 12345 /' /etc/weir/weir.yaml
systemctl disable weir-smoke.timer
check "it upgrades" apt-get install -yq -o Dpkg::Options::=--force-confold ./next.deb
check "the edited configuration is kept" grep -q "max_connections: 12345" /etc/weir/weir.yaml
check "the new one stands beside it" grep -q "a line of the next version" /etc/weir/weir.yaml.dpkg-dist
check "the secrets are kept" cmp /etc/weir/weir.env /root/env.before
check "permissions are kept" is "$(mode /etc/weir/weir.yaml)" "640 root:weir"
check "a timer that was disabled stays so" not test -e /etc/systemd/system/timers.target.wants/weir-smoke.timer
run_the_unit

check "it is removed" apt-get remove -yq weir
check "its program is gone" not test -e /usr/share/weir
check "its configuration and its data stay" test -f /etc/weir/weir.yaml -a -f /etc/weir/weir.env -a -f /var/lib/weir/data/weir.db
check "it installs again over them" apt-get install -yq --no-install-recommends -o Dpkg::Options::=--force-confold ./weir.deb
check "the key is the old one" cmp /etc/weir/weir.env /root/env.before
check "it is purged" apt-get purge -yq weir
listing >/root/after
check "no file is left" diff /root/before /root/after
check "no user is left" not getent passwd weir
check "no group is left" not getent group weir
finish
