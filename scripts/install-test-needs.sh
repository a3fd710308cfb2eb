#!/usr/bin/env bash
# Installs what the tests need beside npm's packages. Does nothing where all of it is there.
set -euo pipefail

PATH=$PATH:/usr/sbin # where the proxies are, and not in everybody's path
missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v redis-cli >/dev/null || missing+=(redis-tools)
# Chromium without its windows takes half of the processor's time; where the whole one is there, it will do.
command -v chromium-headless-shell >/dev/null || missing+=(chromium-headless-shell)
command -v nginx >/dev/null || missing+=(nginx)
command -v haproxy >/dev/null || missing+=(haproxy)
needs_promtool=
command -v promtool >/dev/null || needs_promtool=promtool
[ ${#missing[@]} -eq 0 ] && [ -z "$needs_promtool" ] && exit 0

will_do=
[ "${missing[*]}$needs_promtool" = chromium-headless-shell ] && command -v chromium >/dev/null && will_do=yes

echo "The tests need: ${missing[*]} $needs_promtool"
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  [ -n "$will_do" ] && exit 0
  echo "They cannot be installed from here: that takes Debian's apt-get, as root. Please install them and run the tests again." >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || [ -n "$will_do" ]
if [ ${#missing[@]} -gt 0 ]; then
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || [ -n "$will_do" ]
fi

# Of Debian's prometheus only the tool that checks rules and metrics: the package would start a server.
if [ -n "$needs_promtool" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  (cd "$folder" && apt-get -o APT::Sandbox::User=root download -qq prometheus >/dev/null)
  dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -x -C "$folder" ./usr/bin/promtool
  install -m 755 "$folder/usr/bin/promtool" /usr/local/bin/promtool
fi
