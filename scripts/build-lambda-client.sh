#!/usr/bin/env bash
# Builds AWS's own runtime interface client for the Node in PATH, once: it is C++ and compiles its own curl, in under a
# minute. `test/lambda/streaming.test.ts` runs with it, and is skipped without it.
set -euo pipefail
cd "$(dirname "$0")/.."

RIC=4.0.2 # needs Node 22
folder=$PWD/.cache/lambda
[[ ! -f $folder/node_modules/aws-lambda-ric/rapid-client.node ]] || exit 0

if command -v apt-get >/dev/null && ! command -v cmake >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y cmake g++ make xz-utils >/dev/null
fi
for tool in cmake g++ make xz; do
  command -v "$tool" >/dev/null || { echo "Building aws-lambda-ric needs $tool." >&2; exit 1; }
done
npm install --prefix "$folder" --no-save --no-audit --no-fund --ignore-scripts "aws-lambda-ric@$RIC"
# The headers of the Node in PATH, which node-gyp would download.
node=$(realpath "$(command -v node)")
headers=$(find -L "$(dirname "$node")/.." -path '*/include/node/node_api.h' -print -quit)
(
  [[ -z $headers ]] || export npm_config_nodedir=${headers%/include/node/node_api.h}
  cd "$folder/node_modules/aws-lambda-ric"
  sh scripts/preinstall.sh && sh scripts/postinstall.sh
) >"$folder/build.log" 2>&1 || { tail -n 20 "$folder/build.log" >&2; exit 1; }
