#!/usr/bin/env bash
# `npm run ci:tools`: installs what the foreign judges need, if it is missing. Debian or Ubuntu, as root. Nothing of this
# is needed to use Selvedge or to run `npm test`.
set -euo pipefail

declare -A packages=(
  [etcd]=etcd-server
  [mbpoll]=mbpoll
  [mosquitto]=mosquitto
  [mosquitto_pub]=mosquitto-clients
  [socat]=socat
  [diff]=diffutils
)
wanted=()
for program in "${!packages[@]}"; do
  # Servers lie in sbin, which is not on every PATH.
  PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null || wanted+=("${packages[$program]}")
done
[ -e /usr/include/modbus/modbus.h ] || wanted+=(libmodbus-dev)

if [ ${#wanted[@]} -gt 0 ]; then
  echo "installing ${wanted[*]}"
  # The packages of servers start them; here they would only hold the ports that the tests want.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${wanted[@]}"
fi

command -v kubectl >/dev/null || { echo 'no kubectl on PATH; install kubectl 1.32' >&2; exit 69; }
npm run --silent kube:build
