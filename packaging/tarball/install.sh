#!/usr/bin/env bash
# Installs Weir from this directory on a host with systemd, to the same paths as the Debian package. Installing again brings
# the host to this version; /etc/weir is never overwritten.
set -euo pipefail
here="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
units=(weir.service weir-smoke.timer weir-health.timer weir-backup.timer weir-config-backup.timer)
needed_kib=131072
prefix=
dry_run=
start=yes
action=install
purge=
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
problems=()

usage() {
  cat <<END
Usage: install.sh [--dry-run] [--no-start] [--prefix=DIR]
       install.sh --uninstall [--purge] [--dry-run] [--prefix=DIR]
  --dry-run     checks everything and says what would be done, and does nothing
  --no-start    enables the service, and does not start it
  --prefix=DIR  another root directory; makes no user and starts nothing
  --uninstall   takes Weir away; /etc/weir and /var/lib/weir stay
  --purge       takes them away too, with keys, usage, audit, backups and logs
END
}

for argument in "$@"; do
  case "$argument" in
    --dry-run) dry_run=yes ;;
    --no-start) start= ;;
    --prefix=/*) prefix="${argument#--prefix=}" && prefix="${prefix%/}" ;;
    --uninstall) action=uninstall ;;
    --purge) purge=yes ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
if [ -n "$purge" ] && [ "$action" != uninstall ]; then
  usage >&2
  exit 2
fi
installed="$prefix/usr/share/weir/installed"

run() {
  if [ -n "$dry_run" ]; then
    echo "would: $*"
  else
    "$@"
  fi
}

has_systemd() { [ -z "$prefix" ] && [ -d /run/systemd/system ]; }

# need WHAT-IS-WRONG COMMAND...
need() {
  local problem="$1"
  shift
  "$@" >/dev/null 2>&1 || problems+=("$problem")
}

is_root() { [ "$(id -u)" = 0 ]; }

java_is_new_enough() {
  local version
  version="$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')"
  [ "${version:-0}" -ge 17 ]
}

has_room() {
  local existing="$prefix/usr"
  while [ ! -d "$existing" ]; do existing="$(dirname "$existing")"; done
  [ "$(df -Pk "$existing" | awk 'NR == 2 {print $4}')" -ge "$needed_kib" ]
}

port_is_free() {
  systemctl --quiet is-active weir.service weir.socket 2>/dev/null || ! (: <>/dev/tcp/127.0.0.1/4000) 2>/dev/null
}

is_no_package() { ! dpkg-query -W -f '${db:Status-Status}' weir 2>/dev/null | grep -qx installed; }

is_whole() { (cd "$here" && sha256sum --quiet --check SHA256SUMS); }

# The configuration that is here already, to the new version.
configuration_is_valid() {
  [ -f "$prefix/etc/weir/weir.yaml" ] || return 0
  (
    if [ -r "$prefix/etc/weir/weir.env" ]; then
      while IFS='=' read -r name value; do
        case "$name" in [A-Z]*) export "$name=$value" ;; esac
      done <"$prefix/etc/weir/weir.env"
    fi
    "$java" -jar "$here/files/usr/share/weir/weir.jar" check "$prefix/etc/weir/weir.yaml"
  )
}

# Every need, before the first change.
check_needs() {
  local tool
  for tool in install sha256sum setpriv df awk od timeout; do
    need "$tool is not there: install coreutils, util-linux and awk" command -v "$tool"
  done
  need "files are missing or changed: unpack the archive again" is_whole
  need "$java is not there or older than 17: install a headless Java runtime, or set JAVA_HOME" java_is_new_enough
  need "less than $((needed_kib / 1024)) MiB are free under $prefix/usr" has_room
  need "$prefix/etc/weir/weir.yaml is not valid for this version: see java -jar files/usr/share/weir/weir.jar check" \
    configuration_is_valid
  if [ -z "$prefix" ]; then
    need "not run as root" is_root
    need "useradd is not there" command -v useradd
    need "systemd does not run here: use the container image, or --prefix" has_systemd
    need "Weir is installed as a Debian package: upgrade that, or remove it first" is_no_package
    need "port 4000 is taken by another program" port_is_free
  fi
  if [ ${#problems[@]} -gt 0 ]; then
    printf 'install.sh: %s\n' "${problems[@]}" >&2
    echo "install.sh: nothing was changed" >&2
    exit 1
  fi
}

copy_files() {
  local file
  while IFS= read -r file; do
    case "$file" in
      etc/*)
        if [ ! -e "$prefix/$file" ]; then
          run install -D -m "$(stat -c %a "$here/files/$file")" "$here/files/$file" "$prefix/$file"
        elif ! cmp -s "$here/files/$file" "$prefix/$file"; then
          run install -m "$(stat -c %a "$here/files/$file")" "$here/files/$file" "$prefix/$file.new"
        fi
        ;;
      *) run install -D -m "$(stat -c %a "$here/files/$file")" "$here/files/$file" "$prefix/$file" ;;
    esac
  done < <(payload)
}

payload() { (cd "$here/files" && find . -type f -printf '%P\n' | LC_ALL=C sort); }

# What an older version had and this one has not.
drop_old_files() {
  [ -f "$installed" ] || return 0
  local file
  while IFS= read -r file; do
    case "$file" in usr/*) run rm -f "$prefix/$file" ;; esac
  done < <(comm -23 "$installed" <(payload))
}

install_weir() {
  check_needs
  drop_old_files
  copy_files
  if [ -n "$dry_run" ]; then
    echo "would: make the user weir, /etc/weir/weir.env if absent, and start Weir"
    return
  fi
  payload >"$installed"
  WEIR_ROOT="$prefix" "$prefix/usr/share/weir/bin/weir-setup"
  if has_systemd; then
    systemctl daemon-reload
    local restart=true
    if systemctl --quiet is-enabled weir-port.socket 2>/dev/null; then
      # weir@a and weir@b in the place of weir.service.
      units=("${units[@]:1}")
      restart=weir-restart
    fi
    systemctl --quiet enable "${units[@]}"
    [ -n "$start" ] || return 0
    systemctl restart "${units[@]}" || true
    "$restart" || true
    validate
  fi
}

validate() {
  if weir smoke; then
    echo "install.sh: Weir is installed and serves"
    return
  fi
  cat >&2 <<END
install.sh: Weir is installed and does not serve yet. Write your servers into /etc/weir/weir.yaml, then:
  systemctl restart weir && weir smoke
  weir doctor, and journalctl -u weir, say what is wrong.
END
  exit 1
}

uninstall_weir() {
  if [ -z "$prefix" ]; then
    is_root || { echo "install.sh: not run as root" >&2 && exit 1; }
    is_no_package || { echo "install.sh: Weir is a Debian package here: apt-get remove weir" >&2 && exit 1; }
  fi
  if has_systemd; then
    run systemctl --quiet disable --now "${units[@]}" weir.socket weir-port.socket weir@a.service weir@b.service || true
  fi
  local file
  if [ -f "$installed" ]; then
    while IFS= read -r file; do
      case "$file" in usr/* | etc/logrotate.d/*) run rm -f "$prefix/$file" ;; esac
    done <"$installed"
  fi
  run rm -rf "$prefix/usr/share/weir" "$prefix/usr/share/doc/weir" "$prefix/var/cache/weir" \
    "$prefix/usr/lib/systemd/system/weir-.service.d"
  if has_systemd; then
    run systemctl daemon-reload
  fi
  if [ -n "$purge" ]; then
    run rm -rf "$prefix/etc/weir" "$prefix/var/lib/weir" "$prefix/var/log/weir"
    if [ -z "$prefix" ] && getent passwd weir >/dev/null; then
      run userdel weir
    fi
  fi
}

"${action}_weir"
