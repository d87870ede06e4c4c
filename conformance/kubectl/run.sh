#!/usr/bin/env bash
# The verbs of kubectl against a running server, each with what it must print and how it must exit.
#
#   run.sh KUBECTL KUBECONFIG [--with-node]
#
# --with-node adds what needs controllers and a node: rollouts, logs, exec, wait for running pods, cascading deletion.
# Everything happens in a namespace of its own, which is left empty. Prints one line a check and a summary;
# exits 1 when a check failed, 2 when called wrongly.
set -u

if [ $# -lt 2 ]; then
  echo "usage: $0 KUBECTL KUBECONFIG [--with-node]" >&2
  exit 2
fi
KUBECTL=$1
export KUBECONFIG=$2
WITH_NODE=${3:-}
WORK=$(mktemp -d)
export HOME=$WORK # kubectl keeps its discovery cache here: every run starts cold
trap 'rm -rf "$WORK"' EXIT
NS=kubectl-$$
PASSED=0
FAILED=0

k() { timeout 60 "$KUBECTL" "$@"; }
kn() { timeout 60 "$KUBECTL" -n "$NS" "$@"; }

MINOR=$(k version -o json 2>/dev/null | tr -d ' \n' | sed -n 's/.*"clientVersion":{[^}]*"minor":"\([0-9]*\).*/\1/p')
MINOR=${MINOR:-0}

report() { # NAME OK OUTPUT
  if [ "$2" = 0 ]; then
    PASSED=$((PASSED + 1))
    echo "ok   $1"
  else
    FAILED=$((FAILED + 1))
    echo "FAIL $1"
    printf '%s\n' "$3" | sed 's/^/     | /' | head -20
  fi
}

# check NAME EXIT PATTERN COMMAND… : standard output and error must match the extended regular expression
check() {
  local name=$1 exit=$2 pattern=$3
  shift 3
  local out code
  out=$("$@" 2>&1)
  code=$?
  if [ "$code" = "$exit" ] && printf '%s\n' "$out" | grep -Eq -- "$pattern"; then
    report "$name" 0 ""
  else
    report "$name" 1 "exit $code (expected $exit), expected /$pattern/ in:
$out"
  fi
}

# since MINOR NAME EXIT PATTERN COMMAND… : only for clients that have the verb
since() {
  local minor=$1
  shift
  if [ "$MINOR" -ge "$minor" ]; then check "$@"; else echo "skip $1 (kubectl 1.$MINOR has no such verb)"; fi
}

# eventually SECONDS NAME PATTERN COMMAND… : tried again until the output matches
eventually() {
  local seconds=$1 name=$2 pattern=$3
  shift 3
  local out="" end=$((SECONDS + seconds))
  while [ "$SECONDS" -le "$end" ]; do
    out=$("$@" 2>&1)
    if printf '%s\n' "$out" | grep -Eq -- "$pattern"; then
      report "$name" 0 ""
      return
    fi
    sleep 0.2
  done
  report "$name" 1 "not within $seconds s, expected /$pattern/ in:
$out"
}

deployment() { # NAME REPLICAS [EXTRA SPEC LINE]
  cat <<YAML
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $1
  labels: {app: $1}
spec:
  replicas: $2
  ${3:-}
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
      - {name: main, image: host, command: [sh, -c, "echo started; while true; do sleep 1; done"]}
YAML
}

crd() {
  cat <<'YAML'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.conformance.example.com}
spec:
  group: conformance.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns:
    - {name: Spec, type: string, jsonPath: .spec.cronSpec}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [cronSpec]
            properties:
              cronSpec: {type: string, description: When it runs.}
              replicas: {type: integer, default: 1, minimum: 1, maximum: 10}
          status: {type: object, properties: {replicas: {type: integer}}}
YAML
}

crontab() { # SPEC REPLICAS
  printf 'apiVersion: conformance.example.com/v1\nkind: CronTab\nmetadata: {name: nightly}\nspec: {cronSpec: "%s", replicas: %s}\n' "$1" "$2"
}

deployment web 2 >"$WORK/web.yaml"
deployment web 3 >"$WORK/web3.yaml"
deployment web 2 "surprise: true" >"$WORK/wrong.yaml"
crd >"$WORK/crd.yaml"
crontab "* * * * */5" 1 >"$WORK/crontab.yaml"
crontab "* * * * */5" 99 >"$WORK/crontab-wrong.yaml"
sed 's/\*\/5/*\/6/' "$WORK/crontab.yaml" >"$WORK/crontab2.yaml"

echo "# $("$KUBECTL" version 2>/dev/null | head -1), server-side verbs"
check "version" 0 "Server Version" k version
check "cluster-info" 0 "control plane|master" k cluster-info
check "api-versions" 0 "^apps/v1$" k api-versions
check "api-resources" 0 "deployments +deploy" k api-resources
check "api-resources of a group" 0 "leases" k api-resources --api-group=coordination.k8s.io
check "get namespaces" 0 "^default +Active" k get namespaces
check "create namespace" 0 "namespace/$NS created" k create namespace "$NS"
check "create namespace again" 1 "AlreadyExists" k create namespace "$NS"
check "get what is not there" 1 'deployments.apps "nobody" not found' kn get deployment nobody
check "get in an empty namespace" 0 "No resources found" kn get configmaps
check "create serviceaccount" 0 "serviceaccount/robot created" kn create serviceaccount robot
check "create configmap" 0 "configmap/settings created" kn create configmap settings --from-literal=colour=blue
check "create secret" 0 "secret/keys created" kn create secret generic keys --from-literal=token=s3cret
check "get secret decoded" 0 "^czNjcmV0$" kn get secret keys -o 'jsonpath={.data.token}'
check "create in a missing namespace" 1 'namespaces "no-such" not found' k -n no-such create configmap a
check "get configmap as yaml" 0 "colour: blue" kn get configmap settings -o yaml
check "get configmap as json" 0 '"colour": "blue"' kn get configmap settings -o json
check "get names" 0 "^configmap/settings$" kn get configmap settings -o name
check "get custom columns" 0 "^settings +blue$" kn get configmap settings -o custom-columns=N:.metadata.name,C:.data.colour --no-headers
check "label" 0 "labeled" kn label configmap settings tier=front
check "label again without overwrite" 1 "already has a value" kn label configmap settings tier=back
check "get by label" 0 "settings" kn get configmaps -l 'tier in (front,back)'
check "get by absent label" 0 "No resources found" kn get configmaps -l '!tier,app=nothing'
check "get by field" 0 "settings" kn get configmaps --field-selector metadata.name=settings
check "get by unsupported field" 1 "field label not supported" kn get configmaps --field-selector data.colour=blue
check "annotate" 0 "annotated" kn annotate configmap settings note=hello
check "patch json" 0 "patched" kn patch configmap settings --type json -p '[{"op":"add","path":"/data/size","value":"9"}]'
check "patch json that fails its test" 1 "" kn patch configmap settings --type json -p '[{"op":"test","path":"/data/size","value":"1"}]'
check "patch merge" 0 "patched" kn patch configmap settings --type merge -p '{"data":{"size":null}}'
check "patch strategic" 0 "patched" kn patch configmap settings -p '{"data":{"shape":"round"}}'
check "patches have landed" 0 '^\{"colour":"blue","shape":"round"\}$' kn get configmap settings -o 'jsonpath={.data}'
check "replace" 0 "replaced" bash -c "'$KUBECTL' -n $NS get configmap settings -o json | sed 's/round/square/' | '$KUBECTL' -n $NS replace -f -"
check "replace with an old version" 1 "Conflict|modified" bash -c "'$KUBECTL' -n $NS get configmap settings -o json | sed 's/\"resourceVersion\": \"[0-9]*\"/\"resourceVersion\": \"2\"/' | '$KUBECTL' -n $NS replace -f -"
check "edit" 0 "edited" env EDITOR="sed -i s/square/oval/" "$KUBECTL" -n "$NS" edit configmap settings
check "delete" 0 'configmap "settings" deleted' kn delete configmap settings
check "delete again" 1 "NotFound" kn delete configmap settings
check "delete ignoring absence" 0 "" kn delete configmap settings --ignore-not-found

check "create deployment" 0 "deployment.apps/made created" kn create deployment made --image=host
check "create job" 0 "job.batch/once created" kn create job once --image=host -- true
check "delete deployment" 0 "deleted" kn delete deployment made --cascade=background
check "delete job" 0 "deleted" kn delete job once --cascade=background
check "apply refuses an unknown field" 1 'unknown field "(spec\.)?surprise"' kn apply -f "$WORK/wrong.yaml"
check "diff of what is not there" 1 '\+  name: web' kn diff -f "$WORK/web.yaml"
check "apply dry run" 0 "created \(server dry run\)" kn apply --dry-run=server -f "$WORK/web.yaml"
check "dry run stored nothing" 1 "NotFound" kn get deployment web
check "apply creates" 0 "deployment.apps/web created" kn apply -f "$WORK/web.yaml"
check "apply again" 0 "unchanged" kn apply -f "$WORK/web.yaml"
check "diff" 1 '\+  replicas: 3' kn diff -f "$WORK/web3.yaml"
check "apply changes" 0 "configured" kn apply -f "$WORK/web3.yaml"
check "get as a table" 0 "web +[0-9]+/3" kn get deployments
check "get wide" 0 "CONTAINERS" kn get deployments -o wide
check "get all" 0 "deployment.apps/web" kn get all
check "generation counts" 0 "^2$" kn get deployment web -o 'jsonpath={.metadata.generation}'
check "describe deployment" 0 "Replicas: +3 desired" kn describe deployment web
check "set image" 0 "image updated" kn set image deployment/web main=host:2
check "set env" 0 "env updated" kn set env deployment/web A=b
check "scale" 0 "scaled" kn scale deployment web --replicas=2
check "scale with a precondition that fails" 1 "Expected replicas to be 9" kn scale deployment web --current-replicas=9 --replicas=1
since 27 "patch subresource" 0 "patched" kn patch deployment web --subresource=scale --type merge -p '{"spec":{"replicas":1}}'
check "strategic merge keeps containers by name" 0 "patched" kn patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"host","command":["sleep","1000"]}]}}}}'
check "two containers now" 0 "^main side$|^side main$" kn get deployment web -o 'jsonpath={.spec.template.spec.containers[*].name}'
check "an invalid object says what is wrong" 1 "Invalid value|Required value|is invalid" kn patch deployment web --type merge -p '{"spec":{"replicas":-1}}'
check "immutable selector" 1 "immutable" kn patch deployment web --type merge -p '{"spec":{"selector":{"matchLabels":{"app":"other"}}}}'
check "explain" 0 "replicas" k explain deployment.spec
check "explain recursive" 0 "maxSurge" k explain deployment.spec --recursive
check "rollout pause" 0 "paused" kn rollout pause deployment/web
check "rollout resume" 0 "resumed" kn rollout resume deployment/web
check "rollout restart" 0 "restarted" kn rollout restart deployment/web

check "server-side apply creates" 0 "serverside-applied" kn apply --server-side -f <(deployment ssa 1)
check "server-side apply is idempotent" 0 "serverside-applied" kn apply --server-side -f <(deployment ssa 1)
check "server-side apply by another meets a conflict" 1 'conflict with "kubectl"' kn apply --server-side --field-manager=other -f <(deployment ssa 5)
check "server-side apply forced" 0 "serverside-applied" kn apply --server-side --field-manager=other --force-conflicts -f <(deployment ssa 5)
since 21 "managed fields" 0 "manager: other" kn get deployment ssa -o yaml --show-managed-fields
check "server-side apply takes over from client-side" 0 "serverside-applied" kn apply --server-side --force-conflicts -f "$WORK/web.yaml"
check "delete by file" 0 "deleted" kn delete -f "$WORK/web.yaml" --cascade=background
check "delete the other" 0 "deleted" kn delete deployment ssa

check "create a definition" 0 "created" k create -f "$WORK/crd.yaml"
check "wait for established" 0 "condition met" k wait --for condition=established --timeout=20s crd/crontabs.conformance.example.com
check "custom resource applied" 0 "created" kn apply -f "$WORK/crontab.yaml"
check "custom columns of the definition" 0 "nightly +\* \* \* \* \*/5 +1" kn get ct
check "custom resource in category all" 0 "crontab.conformance.example.com/nightly" kn get all
check "custom resource refused" 1 "less than or equal to 10|must be less" kn apply -f "$WORK/crontab-wrong.yaml"
check "custom resource configured" 0 "configured" kn apply -f "$WORK/crontab2.yaml"
check "custom resource scaled" 0 "scaled" kn scale crontab nightly --replicas=4
check "custom resource explained" 0 "When it runs" k explain crontab.spec.cronSpec
check "custom resource edited by merge patch" 0 "patched" kn patch ct nightly --type merge -p '{"spec":{"cronSpec":"@daily"}}'
check "strategic merge is not for custom resources" 1 "UnsupportedMediaType|unknown format|not supported" kn patch ct nightly --type strategic -p '{"spec":{}}'
check "delete the definition" 0 "deleted" k delete -f "$WORK/crd.yaml"
check "its resources are gone" 1 "doesn't have a resource type|could not find the requested resource" kn get ct

. "$(dirname "$0")/kinds.sh"

check "auth can-i" 0 "^yes$" kn auth can-i create deployments
check "auth can-i --list" 0 "\*\.\*" kn auth can-i --list
kn create serviceaccount robot >/dev/null
since 24 "create token" 0 "^ey[A-Za-z0-9_-]+\.ey" kn create token robot --duration 20m
since 24 "create token for too short" 1 "may not specify a duration less than 10 minutes" kn create token robot --duration 5s
since 28 "a token says who it is" 0 "system:serviceaccount:$NS:robot" bash -c \
  "'$KUBECTL' auth whoami --kubeconfig /dev/null --insecure-skip-tls-verify \
  --server \"\$('$KUBECTL' config view --minify -o jsonpath='{.clusters[0].cluster.server}')\" \
  --token \"\$('$KUBECTL' -n $NS create token robot)\""
since 28 "auth whoami" 0 "kubernetes-admin" k auth whoami
check "events" 0 "No resources found|LAST SEEN" kn get events
since 26 "kubectl events" 0 "No events found|LAST SEEN" kn events
check "raw" 0 '"gitVersion"' k get --raw /version
check "raw health" 0 "^ok$" k get --raw /readyz
check "describe namespace" 0 "Status: +Active" k describe namespace "$NS"
check "lists are paged" 0 "kube-system" k get namespaces --chunk-size=1

kn get configmaps -w >"$WORK/watch" 2>&1 &
WATCH=$!
eventually 15 "watch is open" "watch-[0-9]" bash -c "'$KUBECTL' -n $NS create configmap watch-\$RANDOM >/dev/null 2>&1; cat '$WORK/watch'"
kn create configmap watched >/dev/null
eventually 10 "watch sees a creation" "^watched " cat "$WORK/watch"
kn delete configmap watched >/dev/null
kill "$WATCH" 2>/dev/null
wait "$WATCH" 2>/dev/null
check "wait for deletion" 0 "condition met|no matching|^$" bash -c "'$KUBECTL' -n $NS create configmap doomed >/dev/null; '$KUBECTL' -n $NS wait --for=delete configmap/doomed --timeout=20s & sleep 1; '$KUBECTL' -n $NS delete configmap doomed >/dev/null; wait \$!"
check "delete all of a kind" 0 "deleted" kn delete configmaps --all

if [ "$WITH_NODE" = "--with-node" ]; then
  echo "# with controllers and a node"
  check "apply" 0 "created" kn apply -f "$WORK/web.yaml"
  check "rollout status" 0 "successfully rolled out" kn rollout status deployment/web --timeout=60s
  check "wait for available" 0 "condition met" kn wait --for=condition=available deployment/web --timeout=30s
  check "pods run" 0 "web-.* +1/1 +Running" kn get pods
  POD=$(kn get pods -l app=web -o 'jsonpath={.items[0].metadata.name}')
  check "logs" 0 "^started$" kn logs "$POD"
  check "logs of a deployment" 0 "^started$" kn logs deployment/web
  check "logs --tail" 0 "^started$" kn logs "$POD" --tail=1
  check "logs -f ends with its time" 124 "^started$" timeout 3 "$KUBECTL" -n "$NS" logs -f "$POD"
  check "exec" 0 "^hello$" kn exec "$POD" -- echo hello
  check "exec -i" 0 "^from stdin$" bash -c "echo 'from stdin' | '$KUBECTL' -n $NS exec -i $POD -- cat"
  check "exec's exit code" 7 "" kn exec "$POD" -- sh -c "exit 7"
  check "run, attached to stdin" 0 "^got over here$" bash -c "echo over here | timeout 60 '$KUBECTL' -n $NS run fed --image=host --restart=Never --rm -i --command -- sh -c 'read line; echo got \$line; sleep 1'"
  WEB=$(kn get pod "$POD" -o 'jsonpath={.status.podIP}')
  python3 -m http.server --bind "$WEB" --directory "$WORK" 18088 >/dev/null 2>&1 &
  SERVED=$!
  eventually 15 "something listens in the pod" "web.yaml" curl -sS "http://$WEB:18088/"
  "$KUBECTL" -n "$NS" port-forward "pod/$POD" 28088:18088 28089:1 >"$WORK/forwarded" 2>&1 &
  FORWARD=$!
  eventually 15 "port-forward listens" "127.0.0.1:28088 -> 18088" cat "$WORK/forwarded"
  check "port-forward carries a request" 0 "web.yaml" curl -fsS http://127.0.0.1:28088/
  check "and the next one" 0 "replicas" curl -fsS http://127.0.0.1:28088/web.yaml
  check "a port where nothing listens ends the connection" 52 "" curl -sS http://127.0.0.1:28089/
  eventually 5 "and port-forward says why" "error forwarding port 1 to pod|onnection refused" cat "$WORK/forwarded"
  kill "$FORWARD" "$SERVED" 2>/dev/null
  wait "$FORWARD" "$SERVED" 2>/dev/null
  check "describe pod" 0 "Node: +[^ ]+" kn describe pod "$POD"
  check "scale up" 0 "scaled" kn scale deployment web --replicas=3
  eventually 30 "three pods ready" "^3$" kn get deployment web -o 'jsonpath={.status.readyReplicas}'
  check "rollout restart" 0 "restarted" kn rollout restart deployment/web
  check "rollout status after restart" 0 "successfully rolled out" kn rollout status deployment/web --timeout=90s
  check "rollout history" 0 "^2 " kn rollout history deployment/web
  check "rollout undo" 0 "rolled back" kn rollout undo deployment/web
  check "rollout status after undo" 0 "successfully rolled out" kn rollout status deployment/web --timeout=90s
  check "events tell" 0 "ScalingReplicaSet|Started|Scheduled" kn get events
  check "events begin with when, not with a name" 0 "^LAST SEEN" kn get events
  check "delete a pod" 0 "deleted" kn delete pod -l app=web --timeout=40s
  eventually 40 "it comes back" "^3$" kn get deployment web -o 'jsonpath={.status.readyReplicas}'
  check "delete --cascade=orphan" 0 "deleted" bash -c "'$KUBECTL' -n $NS create deployment left --image=host >/dev/null && '$KUBECTL' -n $NS delete deployment left --cascade=orphan --timeout=30s"
  check "the orphan stays" 0 "left-" kn get replicasets -l app=left
  check "delete the orphan" 0 "deleted" kn delete replicasets -l app=left
  check "delete --cascade=foreground" 0 "deleted" kn delete deployment web --cascade=foreground --timeout=50s
  eventually 30 "no pods are left" "No resources found" kn get pods
  check "a job completes" 0 "created" kn create job quick --image=host -- sh -c "echo done"
  check "wait for the job" 0 "condition met" kn wait --for=condition=complete job/quick --timeout=30s
  check "logs of the job" 0 "^done$" kn logs job/quick
  check "delete namespace" 0 "deleted" k delete namespace "$NS" --timeout=50s
  check "the namespace is gone" 1 "NotFound" k get namespace "$NS"
else
  k delete namespace "$NS" --wait=false >/dev/null 2>&1
fi

echo "# $PASSED passed, $FAILED failed"
[ "$FAILED" = 0 ]
