#!/usr/bin/env bash
# What a user does wrong on a bad day: each mistake ends in one sentence that names it, exit code ≠ 0, and nothing running.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
trap 'kill "${listener-}" 2>/dev/null; rm -rf "$work"' EXIT
free="--api-port 0 --etcd-port 0 --gateway-port 0 --metrics-port 0"

refuses() { # refuses NAME PATTERN ARGUMENT…
  local name=$1 pattern=$2 out code lines
  shift 2
  [[ " $* " == *" --data-dir "* ]] || set -- --data-dir "$work/data" "$@"
  out=$(timeout 60 "$root/kemudi" up "$@" 2>&1)
  code=$?
  lines=$(printf '%s\n' "$out" | grep -c .)
  if [ "$code" != 0 ] && [ "$code" != 124 ] && [ "$lines" = 1 ] && printf '%s' "$out" | grep -Eq -e "$pattern"; then
    ok "$name: $out"
  else
    fail "$name: exit $code, $lines lines, expected /$pattern/"
    printf '%s\n' "$out" | head -n 10 | sed 's/^/      /'
  fi
}

manifest() { printf '%s\n' "$2" >"$work/$1"; printf '%s' "$work/$1"; }

# shellcheck disable=SC2086
{
  "$root/kemudi" up --help >/dev/null 2>&1 # makes build and start-up cache lines appear here, not below
  refuses "a wrong option" "Unknown option: '--api-prot'" --api-prot 1
  refuses "a port that is no number" "Invalid value for option '--api-port'" --api-port https
  refuses "a port out of range" "--etcd-port: 70000 is not a port" --api-port 0 --gateway-port 0 --metrics-port 0 --etcd-port 70000
  port=$((30000 + RANDOM % 20000))
  python3 -c "import socket,time; s=socket.socket(); s.bind(('127.0.0.1',$port)); s.listen(); time.sleep(300)" &
  listener=$!
  eventually 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
  refuses "an occupied port" "--gateway-port: 127.0.0.1:$port is not free" --api-port 0 --etcd-port 0 --metrics-port 0 --gateway-port "$port"
  refuses "a data directory that is a file" "--data-dir: cannot write in" $free --data-dir "$(manifest file x)"
  refuses "a missing folder" "no such file or folder" $free "$work/nowhere"
  refuses "malformed YAML" "bad.yaml:3: not valid YAML" $free "$(manifest bad.yaml $'apiVersion: v1\nkind: [')"
  refuses "an unknown field" 'unknown.yaml:6: unknown field "spec.replica"' $free "$(manifest unknown.yaml $'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\nspec:\n  replica: 3\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: host}]}}')"
  refuses "a field given twice" 'twice.yaml:5: .*(twice|duplicate)' $free "$(manifest twice.yaml $'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  name: y')"
  refuses "a document without kind" "nokind.yaml:1: field kind is missing" $free "$(manifest nokind.yaml 'apiVersion: v1')"
  refuses "a kind nobody serves" 'no kind Gadget in example.com/v1' $free "$(manifest gadget.yaml $'apiVersion: example.com/v1\nkind: Gadget\nmetadata:\n  name: x')"
}
[ -z "$(pgrep -f "kemudi.home=$root.*--data-dir $work/data")" ] && ok "nothing was left running" || fail "something was left running"
finish
