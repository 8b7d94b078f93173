#!/usr/bin/env bash
# Boots systemd in namespaces of its own with the Debian package installed, and looks at the units inside their sandbox:
# systemd.sh [PACKAGE.deb]. Needs root, debootstrap, Debian's mirror and control groups.
set -euo pipefail
tests="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
# shellcheck source=packaging/tests/chroot.sh
source "$tests/chroot.sh"

require_debootstrap
work="$(mktemp -d)"
groups=()
trap clean EXIT

clean() {
  local group
  for group in ${groups[@]+"${groups[@]}"}; do
    # What was killed may take a moment to go.
    for _ in $(seq 50); do
      find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null && [ ! -d "$group" ] && break
      sleep 0.1
    done
  done
  rm -rf --one-file-system "$work"
}

# A control group of its own in every hierarchy, which becomes the root of what is booted.
make_groups() {
  local line controllers path parent
  while IFS=: read -r _ controllers path; do
    controllers="${controllers#name=}"
    parent="/sys/fs/cgroup/${controllers:-unified}"
    [ -d "$parent" ] || parent=/sys/fs/cgroup
    groups+=("${parent}${path%/}/weir-test-$$")
    mkdir "${groups[-1]}"
    case "$controllers" in
      cpuset)
        for line in cpus mems; do
          cat "${parent}${path%/}/cpuset.$line" >"${groups[-1]}/cpuset.$line"
        done
        ;;
    esac
  done </proc/self/cgroup
}

package="${1:-$("$tests/../debian/build-deb.sh" "$work")}"
root="$work/root"
bare_debian "$root"
cp "$tests/checks.sh" "$tests/systemd-inside.sh" "$root/root/"
cp "$package" "$root/root/weir.deb"
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends /root/weir.deb \
  >"$work/install.log" 2>&1 || { cat "$work/install.log" && exit 1; }
cat >"$root/etc/systemd/system/look.service" <<'END'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /root/systemd-inside.sh
ExecStopPost=/bin/systemctl exit 0
TimeoutStartSec=8min
StandardOutput=file:/root/result
StandardError=inherit
END
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -sf ../look.service "$root/etc/systemd/system/multi-user.target.wants/"
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"

make_groups
(
  for group in "${groups[@]}"; do echo "$BASHPID" >"$group/cgroup.procs"; done
  exec timeout --signal=KILL 540 unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child \
    "$tests/systemd-boot.sh" "$root" >"$work/boot.log" 2>&1
) || true
cat "$root/root/result" || true
if ! grep -q ' 0 failed$' "$root/root/result"; then
  echo "---- what systemd said"
  tail -80 "$work/boot.log"
fi
grep -q ' 0 failed$' "$root/root/result"
