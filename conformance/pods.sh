#!/usr/bin/env bash
# Pods that behave badly, through the whole system with kubectl: one that forks and ignores SIGTERM, one that prints 1 GB
# (conformance/pods.sh [MEGABYTES=1024]); and a SIGTERM to Kemudi in the middle of a rollout.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
megabytes=${1:-1024}
kubectl_binary=${KUBECTL:-$tools/kubectl-new}
[ -x "$kubectl_binary" ] || { skip "pods: no kubectl (conformance/tools.sh fetches one)"; finish; exit; }
work=$(mktemp -d)
trap 'kill -9 "${kemudi_pid-}" 2>/dev/null; pod_pids | xargs -r kill -9 2>/dev/null; rm -rf "$work" "$work"*' EXIT
pod_pids() { grep -lza "^KEMUDI_ROOT=$work" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3; }
# Also what emptied its environment: its command line carries this run's name.
marked_pids() { grep -lza "$(basename "$work")-[m]ark" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3; }
k() { "$kubectl_binary" --kubeconfig "$kubeconfig" "$@"; }
resident_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$kemudi_pid/status"; }
peak_kib() { awk '/^VmHWM/ { print $2 }' "/proc/$kemudi_pid/status"; }

start_kemudi "$work/data"

# A tree that ignores SIGTERM: a child, one that escaped into a session of its own, one that emptied its environment there.
cat >"$work/stubborn.yaml" <<YAML
apiVersion: v1
kind: Pod
metadata: {name: stubborn}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: tree
      image: host
      command: [/bin/sh, -c]
      args:
        - |
          trap '' TERM
          (trap '' TERM; : $(basename "$work")-mark; while :; do sleep 1; done) &
          (setsid sh -c "trap '' TERM; : $(basename "$work")-mark; while :; do sleep 1; done" >/dev/null 2>&1 &)
          (setsid env -i /bin/sh -c "trap '' TERM; : $(basename "$work")-mark; while :; do sleep 1; done" >/dev/null 2>&1 &)
          while :; do sleep 1; done
YAML
k apply -f "$work/stubborn.yaml" >/dev/null
check "the stubborn pod runs" k wait --for=condition=Ready pod/stubborn --timeout=15s
four() { [ "$(marked_pids | wc -l)" -ge 4 ]; }
check "with its four shells" eventually 10 four
at=$(date +%s%3N)
check "kubectl delete returns" k delete pod stubborn --timeout=20s
took=$(($(date +%s%3N) - at))
[ "$took" -le 10000 ] && ok "in $took ms, with a grace period of 1 s" || fail "only after $took ms"
[ -z "$(marked_pids)$(pod_pids)" ] && ok "no process of the tree is left" || fail "left: $(marked_pids | tr '\n' ' ')"

# A pod that prints much: neither the disk nor the process takes it all.
before=$(resident_kib)
cat >"$work/loud.yaml" <<YAML
apiVersion: v1
kind: Pod
metadata: {name: loud}
spec:
  restartPolicy: Never
  containers:
    - name: loud
      image: host
      command: [/bin/sh, -c, "yes 'a line of sixty-four bytes, printed over and over, without end..' | head -c ${megabytes}M; echo; echo the end"]
YAML
at=$(date +%s%3N)
k apply -f "$work/loud.yaml" >/dev/null
check "a pod that prints $megabytes MB ends" k wait --for=jsonpath='{.status.phase}'=Succeeded pod/loud --timeout=120s
echo "      $megabytes MB in $(($(date +%s%3N) - at)) ms; process $before KiB before, $(resident_kib) after, $(peak_kib) at most"
stored=$(du -sk "$data/pods" | cut -f1)
[ "$stored" -le 40960 ] && ok "its logs take $stored KiB of disk" || fail "its logs take $stored KiB of disk"
[ "$(($(peak_kib) - before))" -le 262144 ] && ok "the process grew by $(($(peak_kib) - before)) KiB at most" || fail "the process grew by $(($(peak_kib) - before)) KiB"
[ "$(k logs loud --tail=1)" = "the end" ] && ok "kubectl logs has its last line" || fail "kubectl logs --tail=1: $(k logs loud --tail=1 | head -c 200)"
k delete pod loud --timeout=20s >/dev/null || fail "deleting the loud pod"

# SIGTERM in the middle of a rollout: exit 0 in time, no process left, the next start ends what was begun.
k apply -f "$root/examples/hello" >/dev/null
k rollout status deployment hello --timeout=30s >/dev/null || fail "the first rollout"
k rollout restart deployment hello >/dev/null
mixed() { [ "$(k get replicasets -l app=hello -o json | jq '[.items[] | select(.status.replicas > 0)] | length')" = 2 ]; }
eventually 10 mixed || fail "a rollout with two replica sets at once"
new=$(k get replicasets -l app=hello --sort-by=.metadata.creationTimestamp -o name | tail -1)
at=$(date +%s%3N)
stop_kemudi
code=$?
took=$(($(date +%s%3N) - at))
[ "$code" = 0 ] && [ "$took" -le 10000 ] && ok "SIGTERM in the middle of a rollout: exit 0 after $took ms" || fail "SIGTERM in a rollout: exit $code after $took ms"
[ -z "$(pod_pids)" ] && ok "no process is left" || fail "left: $(pod_pids | tr '\n' ' ')"
start_kemudi "$work/data"
check "the next start ends the rollout" k rollout status deployment hello --timeout=30s
only_new() { [ "$(k get "$new" -o 'jsonpath={.status.readyReplicas}')" = 3 ] && [ "$(pod_pids | wc -l)" = 3 ]; }
check "with three processes of the new revision only" eventually 15 only_new
check "and the page is served" eventually 5 curl -fsS "http://$gateway/"
stop_kemudi && ok "stop: exit 0" || fail "stop: exit $?"
finish
