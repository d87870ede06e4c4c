#!/usr/bin/env bash
# Three members on this machine, a client that writes without a pause, and kill -9 of the leader: prints what was lost (nothing) and
# how long writes paused. Needs etcdctl and jq. Takes about half a minute, ends every process that it started, leaves nothing behind.
#   examples/cluster/run.sh [SECONDS of load, default 10]
set -euo pipefail
home=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-10}
command -v etcdctl >/dev/null && command -v jq >/dev/null || { echo "needs etcdctl and jq: apt-get install etcd-client jq" >&2; exit 2; }
export ETCDCTL_API=3
work=$(mktemp -d)
declare -A pid
stop_all() {
  for name in "${!pid[@]}"; do kill "${pid[$name]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop_all EXIT

names=(a b c)
read -r -a ports < <(python3 - <<'P'
import socket
held = [socket.socket() for _ in range(6)]
for s in held: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in held])
P
)
declare -A client
peers=
for i in 0 1 2; do
  client[${names[i]}]=127.0.0.1:${ports[i]}
  peers+=${peers:+,}${names[i]}=http://127.0.0.1:${ports[i + 3]}
done
endpoints=${client[a]},${client[b]},${client[c]}

"$home/bin/etcd" --version >/dev/null # builds and prepares the start-up cache, once, before three start at the same time
export KEMUDI_BUILD=off
for i in 0 1 2; do
  name=${names[i]}
  "$home/bin/etcd" --name "$name" --data-dir "$work/$name" \
    --listen-client-urls "http://${client[$name]}" --advertise-client-urls "http://${client[$name]}" \
    --listen-peer-urls "http://127.0.0.1:${ports[i + 3]}" --initial-advertise-peer-urls "http://127.0.0.1:${ports[i + 3]}" \
    --initial-cluster "$peers" >"$work/$name.log" 2>&1 &
  pid[$name]=$!
done
for name in "${names[@]}"; do
  for _ in $(seq 600); do grep -q 'ready to serve' "$work/$name.log" && break; sleep 0.1; done
  grep -q 'ready to serve' "$work/$name.log" || { echo "member $name did not start:" >&2; tail -n 5 "$work/$name.log" >&2; exit 1; }
done
echo "three members are ready at $endpoints"

# Puts load/1, load/2 … one after another, each tried until somebody acknowledges it; notes when each was.
load() {
  local i=0 end=$(($(date +%s) + seconds)) at
  while [ "$(date +%s)" -lt "$end" ]; do
    i=$((i + 1))
    until [ "$(date +%s)" -ge $((end + 20)) ]; do
      at=${live[$((RANDOM % ${#live[@]}))]}
      if etcdctl --endpoints "$at" --command-timeout 1s put "load/$i" "$i" >/dev/null 2>&1; then
        echo "$i $(date +%s%3N)" >>"$work/acknowledged"
        break
      fi
    done
  done
}
leader_id=$(etcdctl --endpoints "$endpoints" endpoint status -w json | jq -r '[.[] | select(.Status.leader == .Status.header.member_id)][0].Endpoint')
for name in "${names[@]}"; do [ "${client[$name]}" != "$leader_id" ] || leader=$name; done
live=()
for name in "${names[@]}"; do [ "$name" = "$leader" ] || live+=("${client[$name]}"); done
: >"$work/acknowledged"
load &
loader=$!
sleep $((seconds / 2))
killed=$(date +%s%3N)
kill -9 "${pid[$leader]}"
wait "${pid[$leader]}" 2>/dev/null || true
unset "pid[$leader]"
echo "kill -9 of the leader, $leader, after $(wc -l <"$work/acknowledged") acknowledged writes"
wait "$loader"

acknowledged=$(wc -l <"$work/acknowledged")
etcdctl --endpoints "${live[0]}" get load/ --prefix --print-value-only | sort -n >"$work/found"
lost=$(comm -23 <(cut -d' ' -f1 "$work/acknowledged" | sort) <(sort "$work/found") | wc -l)
pause=$(awk -v killed="$killed" '$2 >= killed { print $2 - killed; exit }' "$work/acknowledged")
longest=$(awk 'NR > 1 && $2 - last > most { most = $2 - last } { last = $2 } END { print most + 0 }' "$work/acknowledged")
new=$(etcdctl --endpoints "${live[0]},${live[1]}" endpoint status -w json | jq -r '[.[] | select(.Status.leader == .Status.header.member_id)][0].Endpoint')
echo "acknowledged writes: $acknowledged, lost: $lost"
echo "the next write was acknowledged ${pause:-never} ms after the kill (longest pause $longest ms); the leader is now at $new"
[ "$lost" = 0 ] && [ -n "${pause:-}" ]
