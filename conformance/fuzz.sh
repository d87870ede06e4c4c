#!/usr/bin/env bash
# Jazzer, guided by coverage, on what reads outside bytes: log files, commands of the log, etcd's databases and write-ahead logs,
# etcd requests over gRPC and as JSON, the first bytes of a connection; what the API server decodes: JSON, YAML, protobuf, patches,
# selectors, paths, CEL, schemas, signing requests, tokens.
#   conformance/fuzz.sh [SECONDS=600] [log|command|bolt|etcd|json|front|api …]      (seconds are shared by the targets)
# What it finds is written as crash-* into conformance/target/fuzz/<target>; the corpus grows there from run to run, from seeds that
# each target writes itself. The same targets run on damaged seeds in the modules' tests.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$root/.mvn/find-jdk.sh"
. "$here/proofs.sh"
seconds=${1:-600}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(log command bolt etcd json front api)
build_proofs || exit 1
jazzer=$here/target/tools/jazzer
if [ ! -f "$jazzer/jazzer-0.30.0.jar" ]; then
  (cd "$root" && ./mvnw -q -B -N dependency:copy -Dartifact=com.code-intelligence:jazzer:0.30.0 "-DoutputDirectory=$jazzer" &&
    ./mvnw -q -B -N dependency:copy -Dartifact=com.code-intelligence:jazzer-api:0.30.0 "-DoutputDirectory=$jazzer") || {
    echo "fuzz: Jazzer 0.30.0 could not be had from Maven Central" >&2
    exit 1
  }
fi
out=$here/target/fuzz
mkdir -p "$out/classes"
libraries="$root/server/target/lib/*:$root/server/target/server.jar"
# The targets of the modules are in their own packages, to reach what is not public.
module() { printf '%s/%s/src/test/java/dev/kemudi/%s' "$root" "$1" "$1"; }
"$JAVA_HOME/bin/javac" -nowarn -d "$out/classes" -cp "$libraries" "$(module log)"/{LogFuzz,Recorder}.java \
  "$(module store)/CommandFuzz.java" "$(module bolt)"/{BoltFuzz,Samples,EtcdSamples}.java \
  "$(module etcd)"/{FuzzedServer,JsonFuzz,FrontFuzz,Running}.java "$(module apiserver)/ApiFuzz.java" || exit 1
failed=0 passed=0
for target in "${targets[@]}"; do
  case $target in
    log) class=dev.kemudi.log.LogFuzz ;;
    command) class=dev.kemudi.store.CommandFuzz ;;
    bolt) class=dev.kemudi.bolt.BoltFuzz ;;
    json) class=dev.kemudi.etcd.JsonFuzz ;;
    front) class=dev.kemudi.etcd.FrontFuzz ;;
    api) class=dev.kemudi.apiserver.ApiFuzz ;;
    etcd) class=dev.kemudi.conformance.testing.EtcdFuzz ;;
    *) echo "fuzz: expected log, command, bolt, etcd, json, front or api, got $target" >&2 && exit 2 ;;
  esac
  mkdir -p "$out/$target/corpus"
  classes="$out/classes:$root/bolt/src/test/resources:$proof_classes"
  "$JAVA_HOME/bin/java" $proof_flags -cp "$classes" "$class" "$out/$target/corpus" || exit 1
  # Connections are what some targets are about. Coverage of our own classes only: Jazzer's hooks into everybody else's would cost
  # half a minute at each start.
  if (cd "$out/$target" && nice -n 10 "$JAVA_HOME/bin/java" $proof_flags -XX:+EnableDynamicAgentLoading -Xmx1g \
    -cp "$jazzer/*:$classes" com.code_intelligence.jazzer.Jazzer --target_class="$class" \
    --instrumentation_includes='dev.kemudi.**' --custom_hook_includes='dev.kemudi.**' --keep_going=1 \
    --disabled_hooks=com.code_intelligence.jazzer.sanitizers.ServerSideRequestForgery \
    -max_total_time=$((seconds / ${#targets[@]})) -timeout=30 -max_len=8192 corpus) >"$out/$target.log" 2>&1; then
    printf 'ok    %s: %s\n' "$target" "$(grep -E '^Done' "$out/$target.log" | tail -1)"
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL  %s: %s\n' "$target" "$out/$target.log"
    grep -E -A12 '== Java Exception|ERROR' "$out/$target.log" | head -30
  fi
done
printf 'fuzz: %d passed, %d failed, 0 skipped\n' "$passed" "$failed"
[ "$failed" = 0 ]
