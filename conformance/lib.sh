# Sourced by the conformance scripts: starts and stops one Kemudi, waits for conditions, counts results.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
tools=$here/target/tools
passed=0
failed=0
skipped=0

ok() { passed=$((passed + 1)); printf 'ok    %s\n' "$*"; }
fail() { failed=$((failed + 1)); printf 'FAIL  %s\n' "$*"; }
skip() { skipped=$((skipped + 1)); printf 'skip  %s\n' "$*"; }

check() { # check NAME COMMAND…: the command must succeed; its output is shown when it does not
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then ok "$name"; else fail "$name"; printf '%s\n' "$out" | tail -n 15 | sed 's/^/      /'; fi
}

eventually() { # eventually SECONDS COMMAND…: succeeds as soon as the command does
  local end=$(($(date +%s%3N) + $1 * 1000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s%3N)" -lt "$end" ] || return 1
    sleep 0.05
  done
}

finish() {
  printf '%s: %d passed, %d failed, %d skipped\n' "$(basename "$0" .sh)" "$passed" "$failed" "$skipped"
  [ "$failed" = 0 ]
}

# start_kemudi DATA_DIR [ARGUMENT…]: free ports, ready when it returns; sets kemudi_pid, api, etcd, gateway, metrics, kubeconfig
start_kemudi() {
  data=$1
  shift
  mkdir -p "$data"
  kemudi_log=$data.log
  : >"$kemudi_log" # what an earlier start said must not be taken for this one
  "$root/kemudi" up --data-dir "$data" --api-port 0 --etcd-port 0 --gateway-port 0 --metrics-port 0 "$@" >"$kemudi_log" 2>&1 &
  kemudi_pid=$!
  if ! eventually "${KEMUDI_START_SECONDS:-300}" kemudi_ready_or_gone || ! kill -0 "$kemudi_pid" 2>/dev/null; then
    echo "Kemudi did not become ready:" >&2
    tail -n 30 "$kemudi_log" >&2
    exit 1
  fi
  endpoint() { jq -r ".$1" "$data/endpoints.json"; }
  api=$(endpoint api) etcd=$(endpoint etcd) gateway=$(endpoint gateway) metrics=$(endpoint metrics) kubeconfig=$(endpoint kubeconfig)
}

kemudi_ready_or_gone() { grep -q 'Kemudi is ready' "$kemudi_log" || ! kill -0 "$kemudi_pid"; }

stop_kemudi() { # prints nothing; returns Kemudi's exit code
  kill -TERM "$kemudi_pid" 2>/dev/null || true
  wait "$kemudi_pid"
}
