#!/usr/bin/env bash
# The main job as a user sees it: start, curl, kill -9 under load, scale, roll, stop, resume. REQUESTS sets the load (20,000).
set -uo pipefail
. "$(dirname "$0")/lib.sh"
requests=${REQUESTS:-20000}
kubectl_binary=${KUBECTL:-$tools/kubectl-new}
work=$(mktemp -d)
trap 'stop_kemudi >/dev/null 2>&1; rm -rf "$work" "$work"*' EXIT
k() { "$kubectl_binary" --kubeconfig "$kubeconfig" "$@"; }
ready_replicas() { k get deployment hello -o 'jsonpath={.status.readyReplicas}'; }
has_ready() { [ "$(ready_replicas)" = "$1" ]; }
server_pids() { pgrep -f "jwebserver.*-p 8000" | while read -r pid; do tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -q '^KEMUDI_POD_UID=' && echo "$pid"; done; }

start_kemudi "$work/data" "$root/examples/hello"
sed -n '/Kemudi is ready/,$p' "$kemudi_log"
check "curl through the gateway answers with the page" bash -c "curl -fsS http://$gateway/ | grep -q 'Hello from Kemudi'"
check "the kubeconfig is for its owner only" bash -c "[ \$(stat -c %a '$kubeconfig') = 600 ]"

# One replica is killed: it is back and serving within 2 s.
victim=$(server_pids | head -1)
restarts() { k get pods -l app=hello -o json | jq '[.items[].status.containerStatuses[0].restartCount] | add'; }
before=$(restarts)
killed_at=$(date +%s%3N)
kill -9 "$victim"
restarted() { [ "$(restarts)" -gt "$before" ] && has_ready 3; }
if eventually 10 restarted; then
  took=$(($(date +%s%3N) - killed_at))
  echo "      a killed replica was ready again after $took ms (kubectl polling included)"
  [ "$took" -le 2000 ] && ok "a replica killed with kill -9 is back within 2 s" || fail "a replica killed with kill -9 took $took ms to be back"
else
  fail "a replica killed with kill -9 never came back"
fi

fresh_address() { # of a ready replica that was never killed
  k get pods -l app=hello -o json |
    jq -r '[.items[] | select(.status.containerStatuses[0] | .restartCount == 0 and .ready) | .status.podIP][0] // empty'
}
kill_two() {
  local address wanted
  wanted=$(ready_replicas)
  for _ in 1 2; do
    address=$(fresh_address)
    [ -n "$address" ] || continue
    kill -9 "$(pgrep -f "jwebserver.*-b $address -p 8000")"
    eventually 10 has_ready "$wanted" || fail "the replica at $address never came back"
  done
}

# Load while replicas are killed, scaled and rolled. wrk runs until the disturbances are over and REQUESTS are done.
cat >"$work/count.lua" <<'LUA'
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() bad = 0 end
function response(status) if status ~= 200 then bad = bad + 1 end end
function done(summary)
  local bad = 0
  for _, thread in ipairs(threads) do bad = bad + thread:get("bad") end
  local e = summary.errors
  io.write(string.format("requests=%d not200=%d connect=%d read=%d write=%d timeout=%d\n",
    summary.requests, bad, e.connect, e.read, e.write, e.timeout))
end
LUA
wrk -t1 -c16 -d25s --timeout 10s -s "$work/count.lua" "http://$gateway/" >"$work/wrk.out" 2>&1 &
wrk_pid=$!
sleep 1
kill_two # of those never killed before: a second death within ten minutes waits ten seconds, as in Kubernetes
k scale deployment hello --replicas 5 >/dev/null && eventually 10 has_ready 5 || fail "scale to 5"
kill_two
k scale deployment hello --replicas 2 >/dev/null && eventually 10 has_ready 2 || fail "scale to 2"
k scale deployment hello --replicas 3 >/dev/null && eventually 10 has_ready 3 || fail "scale to 3"
k rollout restart deployment hello >/dev/null && timeout 30 "$kubectl_binary" --kubeconfig "$kubeconfig" rollout status deployment hello >/dev/null || fail "rollout restart"
kill_two
wait "$wrk_pid"
grep requests= "$work/wrk.out" | sed 's/^/      /'
eval "$(grep requests= "$work/wrk.out" | tr ' ' '\n' | sed 's/^requests=/total=/')"
lost=$((${not200:-1} + ${connect:-1} + ${read:-1} + ${write:-1} + ${timeout:-1}))
[ "$lost" = 0 ] && ok "no request failed while replicas were killed, scaled and rolled" || fail "$lost requests failed"
[ "${total:-0}" -ge "$requests" ] && ok "the load was ${total} requests (at least $requests)" || fail "the load was only ${total:-0} requests"

# A second start resumes: same objects, same revisions.
uid=$(k get deployment hello -o jsonpath='{.metadata.uid}')
page=$(k get configmap hello-page -o jsonpath='{.metadata.resourceVersion}')
stop_at=$(date +%s%3N)
stop_kemudi
code=$?
took=$(($(date +%s%3N) - stop_at))
[ "$code" = 0 ] && [ "$took" -le 10000 ] && ok "SIGTERM: exit 0 after $took ms" || fail "SIGTERM: exit $code after $took ms"
[ -z "$(server_pids)" ] && ok "no process outlived the stop" || fail "processes outlived the stop: $(server_pids | tr '\n' ' ')"
start_kemudi "$work/data"
check "after a restart the Deployment is the same object" [ "$(k get deployment hello -o jsonpath='{.metadata.uid}')" = "$uid" ]
check "after a restart revisions are the same" [ "$(k get configmap hello-page -o jsonpath='{.metadata.resourceVersion}')" = "$page" ]
check "after a restart the replicas are ready" eventually 15 has_ready 3
check "after a restart the gateway answers" eventually 5 curl -fsS "http://$gateway/"

check "delete --cascade=foreground removes everything" k delete deployment hello --cascade=foreground --timeout=30s
gone() { [ -z "$(k get pods,replicasets -l app=hello -o name)" ] && [ -z "$(server_pids)" ]; }
check "pods, replica sets and processes are gone" eventually 15 gone
finish
