# shellcheck shell=bash
# Sourced by package.sh and systemd.sh: bare_debian DIRECTORY copies a bare Debian with a Java there. WEIR_TEST_CHROOT keeps
# the bare system between runs (default: made anew).

require_debootstrap() {
  if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    echo "$(basename "$0"): needs root and debootstrap (apt-get install debootstrap)" >&2
    exit 2
  fi
}

bare_debian() {
  local base="${WEIR_TEST_CHROOT:-$1.base}" log="$1.log"
  if [ ! -e "$base/ready" ]; then
    echo "making a bare Debian in $base ..."
    {
      debootstrap --variant=minbase bookworm "$base" &&
        chroot "$base" apt-get update -q &&
        unshare --mount --pid --fork --mount-proc="$base/proc" \
          chroot "$base" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends \
          openjdk-17-jre-headless init-system-helpers systemd curl procps iproute2
    } >"$log" 2>&1 || { tail "$log" >&2 && return 1; }
    touch "$base/ready"
  fi
  cp -a --reflink=auto "$base" "$1"
}
