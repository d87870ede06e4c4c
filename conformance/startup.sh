#!/usr/bin/env bash
# How long a warm start takes until every endpoint answers, and what the idle process weighs with examples/hello applied.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
trap 'stop_kemudi >/dev/null 2>&1; rm -rf "$work" "$work"*' EXIT
start_kemudi "$work/data" "$root/examples/hello" # makes the start-up cache if there is none
stop_kemudi
answers() { curl -fsSk -o /dev/null "https://$api/readyz" && curl -fsS -o /dev/null "http://$metrics/metrics" && curl -fsS -o /dev/null "http://$gateway/"; }
for round in 1 2 3; do
  begun=$(date +%s%3N)
  rm -f "$work/data/endpoints.json"
  "$root/kemudi" up --data-dir "$work/data" --api-port 0 --etcd-port 0 --gateway-port 0 --metrics-port 0 >"$work/data.log" 2>&1 &
  kemudi_pid=$!
  until [ -s "$work/data/endpoints.json" ]; do sleep 0.01; done
  endpoint() { jq -r ".$1" "$work/data/endpoints.json"; }
  api=$(endpoint api) gateway=$(endpoint gateway) metrics=$(endpoint metrics) etcd=$(endpoint etcd)
  open() { (exec 3<>"/dev/tcp/${1%:*}/${1#*:}") 2>/dev/null; }
  until open "$api" && open "$etcd" && open "$gateway" && curl -fsSk -o /dev/null "https://$api/readyz" && curl -fsS -o /dev/null "http://$metrics/readyz"; do sleep 0.01; done
  endpoints_ms=$(($(date +%s%3N) - begun))
  eventually 30 answers || fail "round $round: the route never answered"
  route_ms=$(($(date +%s%3N) - begun))
  cpu_ms=$(awk '{print ($14 + $15) * 10}' "/proc/$kemudi_pid/stat")
  echo "      round $round: endpoints answer after $endpoints_ms ms, the declared route (3 web servers started) after $route_ms ms, CPU ${cpu_ms} ms"
  [ "$round" = 3 ] || stop_kemudi
done
# Idle: until the resident size has not grown for five seconds.
last=0 now=1 rounds=0
while [ "$now" -gt "$last" ] && [ "$rounds" -lt 12 ]; do last=$now; sleep 5; now=$(awk '/VmRSS/ {print $2}' "/proc/$kemudi_pid/status"); rounds=$((rounds + 1)); done
echo "      idle resident memory: $((now / 1024)) MiB ($(awk '/Threads/ {print $2}' "/proc/$kemudi_pid/status") threads; pods not counted)"
[ "$endpoints_ms" -le 1500 ] && ok "warm start to all endpoints: $endpoints_ms ms (goal 1500)" || fail "warm start to all endpoints: $endpoints_ms ms (goal 1500)"
[ $((now / 1024)) -le 250 ] && ok "idle memory: $((now / 1024)) MiB (goal 250; k3s' documentation gives 1.6 GB for a server with a workload)" || fail "idle memory: $((now / 1024)) MiB (goal 250)"
finish
