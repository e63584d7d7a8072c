#!/usr/bin/env bash
# Carries an audience in on a fresh docker-compose.yaml with the sandbox, takes a worker away in between, and looks at what came of it.
# Needs a container engine, and no .env or connections.env of yours: it refuses to touch those.
set -euo pipefail
cd "$(dirname "$0")/.."
LINES=${LINES:-20000}
LAST_STATE='import json, sys; runs = json.load(sys.stdin)["runs"]; print(runs[0]["state"] if runs else "")'

if [ -e .env ] || [ -e connections.env ]; then
  echo "There is a .env or connections.env, so nothing was done: this script would replace them." >&2
  exit 1
fi
compose() { ${COMPOSE:-docker compose} --profile sandbox "$@"; }
scheduler() { compose exec -T airflow-scheduler "$@"; }
finish() {
  [ -n "${KEEP:-}" ] || compose down --volumes --timeout 60
  [ -n "${KEEP:-}" ] || rm -f .env connections.env
}
trap finish EXIT

umask 077
sed -n 's/^#   //p' .env.example > .env.commands
sh -eu .env.commands && rm .env.commands

echo "== sandbox"
compose up --build --detach --wait sandbox
compose exec -T sandbox cdp sandbox env --raw > connections.env
echo "== everything else"
compose up --detach --wait
compose ps

echo "== an export of $LINES lines, in eight parts"
compose exec -T sandbox cdp sandbox seed --recipients "$((LINES * 5 / 4))"
compose exec -T sandbox cdp sandbox export loyalty_gold --lines "$LINES" --max-rows "$((LINES / 8 + 1))"
scheduler airflow dags unpause audience_import__loyalty_gold
scheduler airflow dags trigger audience_import__loyalty_gold

echo "== a worker fewer, then as many as before"
compose up --detach --wait --no-recreate --scale airflow-worker=1
compose up --detach --wait --no-recreate --scale airflow-worker=2

echo "== what became of it"
state=""
for _ in $(seq 120); do
  state=$(scheduler cdp runs list --feed loyalty_gold --json | python3 -c "$LAST_STATE")
  [ "$state" = ended ] && break
  sleep 5
done
scheduler cdp runs list --feed loyalty_gold
[ "$state" = ended ]
