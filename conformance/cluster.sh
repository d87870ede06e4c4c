#!/usr/bin/env bash
# Three `kemudi up` on this machine, examples/hello declared on the first, kill -9 of the one that leads: how long until another one's
# gateway serves the page, its own pods run, and a change of what is declared comes true. Then the killed one returns: what its pods
# left behind ends, and it takes part. Needs curl, kubectl and jq. Ends whatever it started.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
names=(a b c)
declare -A pid edge peer etcd_port
read -r -a ports < <(python3 - <<'P'
import socket
held = [socket.socket() for _ in range(9)]
for s in held: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in held])
P
)
peers=
for i in 0 1 2; do
  name=${names[i]}
  edge[$name]=127.0.0.1:${ports[i]} etcd_port[$name]=${ports[i + 3]} peer[$name]=127.0.0.1:${ports[i + 6]}
  peers+=${peers:+,}$name=${peer[$name]}
done
servers_of() { # pids of the web servers that the pods of $1 are
  local proc
  for proc in $(pgrep -x jwebserver; pgrep -x java); do
    tr '\0' '\n' 2>/dev/null <"/proc/$proc/cmdline" | grep -q "^$work/$1/pods/" && echo "$proc"
  done
}
stop_all() {
  local name
  for name in "${!pid[@]}"; do kill "${pid[$name]}" 2>/dev/null; done
  wait 2>/dev/null
  for name in "${names[@]}"; do for left in $(servers_of "$name"); do kill -9 "$left" 2>/dev/null; done; done
  rm -rf "$work"
}
trap stop_all EXIT
begin() { # begin NAME [MANIFESTS]
  local name=$1
  shift
  "$root/kemudi" up --node-name "$name" --cluster-peers "$peers" --data-dir "$work/$name" --api-port 0 --etcd-port "${etcd_port[$name]}" \
    --gateway-port "${edge[$name]#*:}" --metrics-port 0 "$@" >"$work/$name.log" 2>&1 &
  pid[$name]=$!
}
ready() { # waits until the members named say that they are
  local name
  for name in "$@"; do
    eventually 120 grep -q 'Kemudi is ready' "$work/$name.log" ||
      { fail "member $name did not become ready"; tail -n 20 "$work/$name.log"; finish; exit 1; }
  done
}
page() { curl -fsS -m 2 -o /dev/null "http://${edge[$1]}/"; }
acting() { # sets $leader to the one whose gateway serves the page
  local name
  for name in "${!pid[@]}"; do if page "$name"; then leader=$name; return 0; fi; done
  return 1
}
own_servers() { [ "$(servers_of "$leader" | wc -l)" -eq "$1" ]; }
since() { echo "$(($(date +%s%3N) - began)) ms"; }
kube() { kubectl --kubeconfig "$work/$leader/kubeconfig" "$@"; }
ready_replicas() { [ "$(kube get deployment hello -o 'jsonpath={.status.readyReplicas}')" = "$1" ]; }

start_kemudi "$work/first" # the start-up cache is made once, before three start at the same time
stop_kemudi
export KEMUDI_BUILD=off
begin a "$root/examples/hello"
begin b
begin c
ready a b c
eventually 30 acting || { fail "no gateway serves the page"; finish; exit 1; }
eventually 30 own_servers 3 && ok "three members are ready; $leader leads, and three web servers run there" || fail "the web servers run elsewhere"

killed=$leader
began=$(date +%s%3N)
kill -9 "${pid[$killed]}"
wait "${pid[$killed]}" 2>/dev/null
unset "pid[$killed]"
eventually 60 acting && ok "kill -9 of $killed: the gateway of $leader serves the page after $(since)" || fail "no gateway serves the page within a minute"
eventually 60 own_servers 3 && ok "its own three web servers run after $(since)" || fail "the pods do not run on $leader"
kube scale deployment hello --replicas 2 >/dev/null
eventually 60 own_servers 2 && ok "what is declared anew comes true" || fail "scaling had no effect"

begin "$killed"
ready "$killed"
[ -z "$(servers_of "$killed")" ] && ok "$killed is back: what its pods left behind has ended" || fail "web servers of the killed $killed still run"
eventually 30 ready_replicas 2 && page "$leader" && ok "the page is served on" || fail "the page is gone"
for name in a b c; do
  kill -TERM "${pid[$name]}"
  wait "${pid[$name]}"
  code=$?
  unset "pid[$name]"
  [ "$code" = 0 ] && ok "$name stops in order" || fail "$name: exit code $code after SIGTERM"
done
finish
