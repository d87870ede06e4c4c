#!/usr/bin/env bash
# kubectl's verbs against one running Kemudi, with the newest kubectl to be had and with Debian's 1.20.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
trap 'stop_kemudi >/dev/null 2>&1; rm -rf "$work" "$work"*' EXIT
for binary in kubectl-new kubectl-floor; do
  if [ ! -x "$tools/$binary" ]; then
    fail "$binary is missing: run conformance/tools.sh"
    continue
  fi
  start_kemudi "$work/$binary" "$root/examples/hello"
  if "$here/kubectl/run.sh" "$tools/$binary" "$kubeconfig" --with-node; then ok "$binary"; else fail "$binary"; fi
  stop_kemudi
done
finish
