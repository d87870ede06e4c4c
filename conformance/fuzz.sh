#!/usr/bin/env bash
# Jazzer, guided by coverage, on what reads outside bytes: log files, commands of the log, etcd requests.
#   conformance/fuzz.sh [SECONDS=600] [log|command|etcd …]      (seconds are shared by the targets)
# What it finds is written as crash-* into conformance/target/fuzz/<target>; the corpus grows there from run to run.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$root/.mvn/find-jdk.sh"
. "$here/proofs.sh"
seconds=${1:-600}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(log command etcd)
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
# The targets of log and store are in their own packages, to reach what is not public.
"$JAVA_HOME/bin/javac" -nowarn -d "$out/classes" -cp "$libraries" "$root"/log/src/test/java/dev/kemudi/log/{LogFuzz,Recorder}.java \
  "$root"/store/src/test/java/dev/kemudi/store/CommandFuzz.java || exit 1
failed=0
for target in "${targets[@]}"; do
  case $target in
    log) class=dev.kemudi.log.LogFuzz ;;
    command) class=dev.kemudi.store.CommandFuzz ;;
    etcd) class=dev.kemudi.conformance.testing.EtcdFuzz ;;
    *) echo "fuzz: expected log, command or etcd, got $target" >&2 && exit 2 ;;
  esac
  mkdir -p "$out/$target/corpus"
  if (cd "$out/$target" && nice -n 10 "$JAVA_HOME/bin/java" $proof_flags -XX:+EnableDynamicAgentLoading -Xmx1g \
    -cp "$jazzer/*:$out/classes:$proof_classes" com.code_intelligence.jazzer.Jazzer --target_class="$class" \
    --instrumentation_includes='dev.kemudi.**' --keep_going=1 \
    -max_total_time=$((seconds / ${#targets[@]})) -timeout=30 -max_len=8192 corpus) >"$out/$target.log" 2>&1; then
    printf 'ok    %s: %s\n' "$target" "$(grep -E 'Done|stat::number_of_executed' "$out/$target.log" | tail -1)"
  else
    failed=1
    printf 'FAIL  %s: %s\n' "$target" "$out/$target.log"
    grep -E -A12 '== Java Exception|ERROR' "$out/$target.log" | head -30
  fi
done
exit $failed
