"""How to reach the sandbox's servers, also in Airflow's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the servers of a sandbox that is up listen.

    :param campaign_dsn: libpq connection string of the Campaign database.
    :param admin_dsn: the same for the maintenance database, to create others.
    :param landing_zones: Airflow's connections to the storages, as environment variables.
    """

    campaign_dsn: str = field(repr=False)
    admin_dsn: str = field(repr=False)
    landing_zones: Mapping[str, str] = field(repr=False)

    def connections(self) -> dict[str, str]:
        """Return Airflow's connections as environment variables."""
        return {"AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(self.campaign_dsn), **self.landing_zones}


def campaign_connection(dsn: str) -> str:
    """Return the Airflow connection (JSON) for a libpq connection string."""
    part = conninfo_to_dict(dsn)
    return json.dumps(
        {
            "conn_type": "postgres",
            "host": part["host"],
            "port": int(part["port"] or 5432),
            "login": part["user"],
            "password": part["password"],
            "schema": part["dbname"],
        }
    )
