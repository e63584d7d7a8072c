#!/bin/sh
# Brings Airflow's database, its first user, its pools and the ledger to what this version needs. Safe to run again: what is there stays.
set -eu

airflow db migrate
# Arguments can be read by everybody on the machine: the password goes in as if it were typed, where no terminal is (setsid).
printf '%s\n%s\n' "$ADMIN_PASSWORD" "$ADMIN_PASSWORD" |
  setsid --wait airflow users create --role Admin --username "$ADMIN_USER" \
    --firstname Campaign --lastname Administrator --email "$ADMIN_EMAIL"
cdp pools create --slots "$POOL_SLOTS"
if [ -n "${AIRFLOW_CONN_CAMPAIGN_DB:-}" ]; then
  cdp ledger upgrade
else
  echo "There is no AIRFLOW_CONN_CAMPAIGN_DB, so no ledger was created. Once there is a connection: cdp ledger upgrade"
fi
