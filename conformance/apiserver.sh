#!/usr/bin/env bash
# What the API server does under load, over TLS with fsync on, by a client that costs little; one table in Markdown.
#   conformance/apiserver.sh [--quick] [--write]     --quick: small numbers (a minute)    --write: also docs/performance/apiserver.md
set -uo pipefail
. "$(dirname "$0")/lib.sh"
. "$root/.mvn/find-jdk.sh"
. "$here/proofs.sh"
seconds=15 watches=10000 pods=10000 objects=100000 write=
for option in "$@"; do
  case $option in
    --quick) seconds=3 watches=1000 pods=1000 objects=5000 ;;
    --write) write=1 ;;
    *) echo "apiserver: unknown option $option; see the head of this file" >&2 && exit 2 ;;
  esac
done
work=$(mktemp -d)
trap 'stop_kemudi >/dev/null 2>&1; rm -rf "$work" "$work"*' EXIT
build_proofs || exit 1
java=("$JAVA_HOME/bin/java" $proof_flags -Xmx2g -Dlogback.configurationFile="$here/src/test/resources/logback-test.xml" -cp "$proof_classes")
load=dev.kemudi.conformance.testing.ApiLoad
table=$work/table
run() { "$@" | grep '^|' >>"$table" || fail "${*: -2}"; } # what else is said is the log's
say() { printf '| %s | %s | %s | %s |\n' "$1" "$2" "$3" "$4" >>"$table"; }
cat >"$table" <<HEAD
# The API server under load

Written by \`conformance/apiserver.sh --write\`: one run, over TLS, every write synced to disk; client and server share
$(nproc) cores, load average at start $(cut -d' ' -f1-3 /proc/loadavg), $(date -u '+%F %H:%M') UTC. No kube-apiserver is to be had on this machine, so the
figures are absolute. CPU is the server's alone.

| measure | result | to reach | reached |
|---|---|---|---|
HEAD
run "${java[@]}" dev.kemudi.conformance.testing.StartTimes "$work"
start_kemudi "$work/warm" # makes the start-up cache if there is none
stop_kemudi
best=
for _ in 1 2 3; do
  from=$(date +%s%3N)
  start_kemudi "$work/warm"
  took=$(($(date +%s%3N) - from))
  [ -n "$best" ] && [ "$best" -le "$took" ] || best=$took
  stop_kemudi
done
say "start as a process with its start-up cache, best of 3" "$best ms" "≤ 1.5 s" "$([ "$best" -le 1500 ] && echo yes || echo '**no**')"
for line in "crud 1" "crud 32" "watch $watches" "pods $pods"; do # each on a server of its own: none pays for the one before
  start_kemudi "$work/${line/ /-}"
  run "${java[@]}" $load "$data" "${api##*:}" "$kemudi_pid" "$seconds" $line
  stop_kemudi
done
start_kemudi "$work/objects"
run "${java[@]}" $load "$data" "${api##*:}" "$kemudi_pid" "$seconds" objects "$objects"
stop_kemudi
from=$(date +%s%3N)
start_kemudi "$work/objects"
curl -fsS --cacert "$data/pki/ca.crt" -H "Authorization: Bearer $(cat "$data/pki/admin.token")" -o "$work/one" \
  "https://$api/apis/load.kemudi.dev/v1/namespaces/default/widgets/object-$((objects - 1))" || fail "an object is not there after the restart"
took=$(($(date +%s%3N) - from))
stop_kemudi
say "the same: restart until one of them is answered" "$took ms" "≤ 5 s" "$([ "$took" -le 5000 ] && echo yes || echo '**no**')"
cat "$table"
grep -q '^| one client: .* yes |$' "$table" && ok "one client's write is answered at once" || fail "one client's write waits"
[ "$(grep -c '^| ' "$table")" -ge 12 ] && ok "every line was measured" || fail "lines are missing"
if [ -n "$write" ]; then
  { cat "$table"; echo; sed -n '/^## Where the time goes/,$p' "$root/docs/performance/apiserver.md" 2>/dev/null; } >"$work/new.md"
  cp "$work/new.md" "$root/docs/performance/apiserver.md"
fi
finish
