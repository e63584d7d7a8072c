"""How to reach the sandbox's servers, also in Airflow's words."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict

from campaign_cdp.sandbox.s3 import REGION


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the servers of a sandbox that is up listen.

    :param campaign_dsn: libpq connection string of the Campaign database.
    :param admin_dsn: the same for the maintenance database, to create others.
    :param s3_url: URL of the S3 server.
    """

    campaign_dsn: str = field(repr=False)
    admin_dsn: str = field(repr=False)
    s3_url: str
    s3_access_key: str
    s3_secret_key: str = field(repr=False)

    def connections(self) -> dict[str, str]:
        """Return Airflow's connections as environment variables."""
        return {
            "AIRFLOW_CONN_CAMPAIGN_DB": campaign_connection(self.campaign_dsn),
            "AIRFLOW_CONN_LANDING_ZONE_S3": landing_zone_connection(
                self.s3_url, self.s3_access_key, self.s3_secret_key
            ),
        }


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


def landing_zone_connection(endpoint_url: str, access_key: str, secret_key: str) -> str:
    """Return the Airflow connection (JSON) for an S3 server."""
    return json.dumps(
        {
            "conn_type": "aws",
            "login": access_key,
            "password": secret_key,
            "extra": {
                "endpoint_url": endpoint_url,
                "region_name": REGION,
                "config_kwargs": {"s3": {"addressing_style": "path"}},
            },
        }
    )
