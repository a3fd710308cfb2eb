#!/bin/sh
# A demo in one command: makes an API key, starts Redis, three gateways and HAProxy, and prints lines to paste.
#   sh deploy/compose/demo.sh        stop it with: docker compose -p carillon down
set -eu
cd "$(dirname "$0")"

docker build --quiet --tag carillon ../.. >/dev/null
made=$(docker run --rm carillon key demo --publish '*' --subscribe '*' --inspect '*' --json)
token=$(printf '%s' "$made" | sed 's/^{"key":"\([^"]*\)".*/\1/')
API_KEYS=$(printf '%s' "$made" | sed 's/^.*"entry":\(.*\)}$/\1/')
export API_KEYS
docker compose up --wait

cat <<LINES

Carillon listens on http://127.0.0.1:8080. Paste this into two terminals:

  export CARILLON_TOKEN=$token

  curl -N -H "Authorization: Bearer \$CARILLON_TOKEN" 127.0.0.1:8080/channels/news/events
  curl -d hello -H "Authorization: Bearer \$CARILLON_TOKEN" 127.0.0.1:8080/channels/news

Console: http://127.0.0.1:8080/console (paste the token there)
LINES
