#!/usr/bin/env bash
# The live demo: half a minute, on a folder in which `main` has run, and then `retrain` as in the tutorial.
#   bash docs/presentation/demo.sh           from the top of the clone, or with PROJECT=<clone> elsewhere
set -euo pipefail
project=${PROJECT:-.}
run() { "${MLFLOW:-mlflow}" run "$project" --env-manager "${ENV_MANAGER:-local}" "$@" 2>&1 | grep -v "mlflow.projects" || true; }
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
ask() {
    curl -s -D - "localhost:${PORT:-5001}/invocations" -H 'Content-Type: application/json' -d '{"dataframe_records": [
      {"carrier": "UA", "origin": "EWR", "dest": "ORD", "scheduled_departure": "2013-07-01T17:30:00", "precip": 0.2}]}' |
        grep -iE '^x-model-version|predictions'
}

say "1. The whole life cycle again: nothing has changed"
run -e main

say "2. The champion as a service"
"${MLFLOW:-mlflow}" run "$project" --env-manager "${ENV_MANAGER:-local}" -e serve \
    -P model=models:/flights@champion -P port="${PORT:-5001}" -P poll_seconds=1 >/dev/null 2>&1 &
service=$!
trap 'kill $service 2>/dev/null || true' EXIT
until curl -sf "localhost:${PORT:-5001}/ready" >/dev/null; do sleep 0.2; done
ask

say "3. Promote the challenger by hand: the service follows, no request waits"
run -e promote -P model=models:/flights/2 -P reason="live demo"
sleep 3
ask

say "4. And back again: the ledger has both"
run -e rollback -P name=flights -P reason="live demo is over"
sleep 3
ask
