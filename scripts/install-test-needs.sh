#!/usr/bin/env bash
# Installs what the tests need beside npm's packages. Does nothing where all of it is there.
set -euo pipefail

PATH=$PATH:/usr/sbin # where the proxies are, and not in everybody's path
missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v redis-cli >/dev/null || missing+=(redis-tools)
command -v chromium >/dev/null || missing+=(chromium)
command -v nginx >/dev/null || missing+=(nginx)
command -v haproxy >/dev/null || missing+=(haproxy)
[ ${#missing[@]} -eq 0 ] && exit 0

echo "The tests need: ${missing[*]}"
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "They cannot be installed from here: that takes Debian's apt-get, as root. Please install them and run the tests again." >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
