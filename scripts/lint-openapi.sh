#!/usr/bin/env bash
# Lints openapi.yaml: Redocly's strict rules (redocly.yaml), and Spectral's with those for OWASP's API Security Top 10
# (.spectral.yaml). Spectral is installed below .cache, because only this script needs its two hundred packages.
set -euo pipefail
cd "$(dirname "$0")/.."

SPECTRAL=6.16.3
OWASP=2.0.1

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_NOTIFICATIONS=true REDOCLY_SUPPRESS_UPDATE_NOTICE=true
npx redocly lint openapi.yaml

folder=.cache/spectral/$SPECTRAL-$OWASP
if [[ ! -d $folder/node_modules ]]; then
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --no-audit --no-fund --ignore-scripts \
    "@stoplight/spectral-cli@$SPECTRAL" "@stoplight/spectral-owasp-ruleset@$OWASP"
fi
cp .spectral.yaml openapi.yaml "$folder" # it looks for rule sets beside its configuration
cd "$folder"
npx --no-install spectral lint openapi.yaml --ruleset .spectral.yaml --fail-severity=hint
