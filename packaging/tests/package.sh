#!/usr/bin/env bash
# Installs the Debian package into a bare chroot of Debian, runs it there, upgrades, removes and purges it:
# package.sh [PACKAGE.deb]. Needs root, debootstrap and Debian's mirror. Everything happens in a mount, process and network
# namespace of its own. WEIR_TEST_CHROOT keeps the bare system between runs (default: made anew).
set -euo pipefail
tests="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
  echo "package.sh: needs root and debootstrap (apt-get install debootstrap)" >&2
  exit 2
fi
work="$(mktemp -d)"
trap 'rm -rf --one-file-system "$work"' EXIT
package="${1:-$("$tests/../debian/build-deb.sh" "$work")}"
base="${WEIR_TEST_CHROOT:-$work/base}"

in_base() { chroot "$base" env DEBIAN_FRONTEND=noninteractive "$@"; }

if [ ! -e "$base/ready" ]; then
  echo "making a bare Debian in $base ..."
  debootstrap --variant=minbase bookworm "$base" >"$work/debootstrap.log" || { tail "$work/debootstrap.log" && exit 1; }
  in_base apt-get update -q >"$work/apt.log"
  in_base apt-get install -yq --no-install-recommends openjdk-17-jre-headless init-system-helpers systemd curl procps \
    iproute2 >>"$work/apt.log" 2>&1 || { tail "$work/apt.log" && exit 1; }
  touch "$base/ready"
fi
cp -a --reflink=auto "$base" "$work/root"
cp "$tests/checks.sh" "$tests/package-inside.sh" "$work/root/root/"
cp "$package" "$work/root/root/weir.deb"

# The same package with the next version and a new line in its configuration.
dpkg-deb -R "$package" "$work/next"
sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
echo "# a line of the next version" >>"$work/next/etc/weir/weir.yaml"
dpkg-deb --root-owner-group -Zgzip --build "$work/next" "$work/root/root/next.deb" >/dev/null

unshare --mount --net --pid --fork --kill-child --mount-proc="$work/root/proc" \
  chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive bash /root/package-inside.sh
