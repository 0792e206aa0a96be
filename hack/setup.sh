# What both entry points need on a fresh Debian or Ubuntu; sourced by `lab` and `test` (bash), not run.
# Every step says what it does, and does nothing where nothing is missing.

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cd "$root" || exit 1

say() { printf '\033[2m==> %s\033[0m\n' "$*"; }

# fail WHAT OBJECT DO: the three parts of an error.
fail() {
  printf 'error: %s\n  object: %s\n  do: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

require_root() {
  [ "$(id -u)" = 0 ] || fail 'root is needed to make network namespaces' "user $(id -un)" "run: sudo $0"
}

require_node() {
  command -v npm >/dev/null || fail 'npm is not there' 'Node.js 20 or newer with npm' 'run: apt-get install npm'
  major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
  [ "$major" -ge 20 ] || fail "Node $major is too old to install the pinned one" 'node' 'install Node 20 or newer'
}

# install_packages NAME...: from the distribution, without starting a service of theirs, now or at boot.
install_packages() {
  missing=
  for package; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
  done
  [ -z "$missing" ] && return
  say "installing Debian packages:$missing"
  with_services_held apt_install || fail 'a package could not be installed' "$missing" 'read the output above'
  [ -d /run/systemd/system ] || return 0
  for unit in bird frr gobgpd openbgpd exabgp etcd containerd prometheus; do
    case "$missing" in *"$unit"*) systemctl disable --quiet "$unit" 2>/dev/null ;; esac
  done
  return 0
}

apt_install() {
  apt-get update -qq >/dev/null
  # shellcheck disable=SC2086 # a list of names
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# Debian starts a service when its package is installed, unless policy-rc.d answers 101.
with_services_held() {
  policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] && { "$@"; return; }
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
  "$@"
  status=$?
  rm -f "$policy"
  trap - EXIT INT TERM
  return "$status"
}

install_modules() {
  stamp=node_modules/.package-lock.json
  [ -e "$stamp" ] && [ ! package-lock.json -nt "$stamp" ] && return
  say 'npm ci (exact versions from the lock file, the pinned Node 24 among them)'
  npm ci --no-audit --no-fund --loglevel=error || fail 'npm ci failed' 'node_modules' 'read the output above'
  npm run --silent build >/dev/null || fail 'bgp-speaker-ts or weftctl does not build' 'npm run build' 'read the output above'
}

# `ip route` prints "proto weft" for the routes weft owns instead of "proto 119".
name_route_protocol() {
  [ -e /etc/iproute2/rt_protos.d/weft.conf ] && return
  say 'naming route protocol 119 "weft" in /etc/iproute2/rt_protos.d/weft.conf'
  mkdir -p /etc/iproute2/rt_protos.d && cp hack/rt_protos.d-weft.conf /etc/iproute2/rt_protos.d/weft.conf
}
