#!/usr/bin/env bash
# `npm run ci:nodes`: each Node we support, with the npm that it comes with, does what README.md tells a newcomer to do, in a
# clone of its own: `npm test`, then `npm start` for real, with kubectl. Node and npm come from the npm registry and are kept
# in the cache; what is compiled is not, so that each run installs as a newcomer does.
#
#   NODES            pairs NODE/NPM to test on
#   SELVEDGE_CACHE   where they are kept (default ~/.cache/selvedge)
set -uo pipefail

pairs=${NODES:-20.20.2/10.8.2 22.23.3/10.9.9 24.21.0/11.19.1}
root=$(cd "$(dirname "$0")/.." && pwd)
cache="${SELVEDGE_CACHE:-$HOME/.cache/selvedge}"
arch=$(node -p process.arch)
passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Installs a package into a folder of its own, whole or not at all, and says where it lies.
fetch() {
  local package=$1 version=$2 home="$cache/$1-$2"
  if [ ! -d "$home" ]; then
    mkdir -p "$cache" && staging=$(mktemp -d "$cache/.fetch-XXXXXX") || return 1
    trap 'rm -rf "$staging"' EXIT
    npm install --silent --no-audit --no-fund --prefix "$staging" "$package@$version" || return 1
    mv -T "$staging" "$home" || return 1
  fi
  printf '%s\n' "$home/node_modules/$package"
}

try_pair() {
  local node npm clone="$work/$1-$2"
  node=$(fetch "node-linux-$arch" "$1") && npm=$(fetch npm "$2") || return 1
  git clone -q "$root" "$clone" && cd "$clone" || return 1
  # node-gyp compiles against the headers of the Node it runs on, which lie in the same package.
  export PATH="$npm/../.bin:$node/bin:$PATH" npm_config_nodedir="$node"
  [ "$(node -v) $(npm -v)" = "v$1 $2" ] || return 1
  npm test && npm run --silent ci:start
}

for pair in $pairs; do
  started=$SECONDS
  printf '\n-- Node %s with npm %s\n' "${pair%/*}" "${pair#*/}"
  if (try_pair "${pair%/*}" "${pair#*/}"); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf -- '-- FAILED\n'
  fi
  printf -- '-- Node %s took %s s\n' "${pair%/*}" "$((SECONDS - started))"
done
printf '\nversions of Node:\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
