#!/usr/bin/env bash
# Builds a real Kubernetes API server, its controller manager and kubectl from Go modules: the judge that our own API
# server is measured against. They land outside the checkout and are built once; a second call does nothing.
#
#   SELVEDGE_CACHE   where builds are kept (default ~/.cache/selvedge)
#
# Needs Go 1.26 and the Go module proxy. About 6 minutes on 2 cores with an empty build cache, 15 s with a warm one.
set -euo pipefail

version=1.37.2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin="${SELVEDGE_CACHE:-$HOME/.cache/selvedge}/kube-$version/bin"
programs=(kube-apiserver kube-controller-manager kubectl)

missing=()
for program in "${programs[@]}"; do
  [ -x "$bin/$program" ] || missing+=("$program")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "Kubernetes $version is already built in $bin" >&2
  exit 0
fi
if ! command -v go >/dev/null; then
  echo "Cannot build Kubernetes $version: no \"go\" on PATH; install Go 1.26 or newer" >&2
  exit 69
fi

# Built beside the target and renamed, so that an interrupted build never looks like a finished one.
mkdir -p "$bin"
staging=$(mktemp -d "$bin/.build-XXXXXX")
trap 'rm -rf "$staging"' EXIT
echo "building ${missing[*]} $version into $bin" >&2
# Without the version the server calls itself v0.0.0-master, which kubectl cannot parse.
(cd "$here" && CGO_ENABLED=0 go build \
  -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$version \
    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37 \
    -X k8s.io/client-go/pkg/version.gitVersion=v$version" \
  -o "$staging/" "${missing[@]/#/k8s.io/kubernetes/cmd/}")
for program in "${missing[@]}"; do
  mv "$staging/$program" "$bin/$program"
done
