#!/usr/bin/env bash
# Debian's Prometheus scrapes Kemudi and answers a query. METRICS and GATEWAY (host:port) name a running one; else one is started.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
trap 'kill "${prometheus_pid-}" 2>/dev/null; wait "${prometheus_pid-}" 2>/dev/null; [ -n "${METRICS-}" ] || stop_kemudi >/dev/null 2>&1; rm -rf "$work" "$work"*' EXIT
if [ -z "${METRICS-}" ]; then
  start_kemudi "$work/data" "$root/examples/hello"
  METRICS=$metrics GATEWAY=$gateway
  trap 'kill "${prometheus_pid-}" 2>/dev/null; wait "${prometheus_pid-}" 2>/dev/null; stop_kemudi >/dev/null 2>&1; rm -rf "$work" "$work"*' EXIT
fi
curl -fsS "http://$GATEWAY/" >/dev/null
check "promtool finds nothing to mend in /metrics" bash -c "curl -fsS http://$METRICS/metrics | promtool check metrics"
cat >"$work/prometheus.yml" <<YML
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: kemudi
    static_configs: [{targets: ["$METRICS"]}]
YML
port=$((20000 + RANDOM % 20000))
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address="127.0.0.1:$port" >"$work/prometheus.log" 2>&1 &
prometheus_pid=$!
query() { curl -fsS "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1" | jq -e '.data.result | length > 0'; }
check "Prometheus sees the target up" eventually 30 query 'up{job="kemudi"} == 1'
check "Prometheus answers a query on kemudi_gateway_requests_total" eventually 30 query 'sum(kemudi_gateway_requests_total) > 0'
curl -fsS "http://127.0.0.1:$port/api/v1/query" --data-urlencode 'query=sum by (code) (kemudi_gateway_requests_total)' | jq -c .data.result | sed 's/^/      /'
finish
