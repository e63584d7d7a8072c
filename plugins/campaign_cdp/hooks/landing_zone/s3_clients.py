"""S3 clients that a process keeps: making one reads megabytes of JSON, a fifth of a second of CPU.

A triggerer looks into every feed's landing zone every few seconds, so this is most of what a look would cost.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any, Final

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.sdk import BaseHook, Connection
from botocore.utils import parse_timestamp

from campaign_cdp.hooks.landing_zone.refusals import require_verification

#: Connection id -> what the connection said, and the client that was made of it.
_kept: Final[dict[str, tuple[int, Any]]] = {}
# Parent and child must not talk over one socket.
os.register_at_fork(after_in_child=_kept.clear)


class _Hook(S3Hook):
    """Amazon's hook without two things that cost most of the processor time of a look.

    It looks for an operator's name in the sources of all callers, a tenth of a second; and botocore reads the times of
    a listing with a parser that guesses their format, four fifths of what a page costs.
    """

    def get_session(self, *args: Any, **kwargs: Any) -> Any:
        session = super().get_session(*args, **kwargs)
        session._session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
        return session

    def _get_caller(self, target_function_name: str = "execute") -> str:
        return "campaign_cdp"


def _time(value: Any) -> datetime:
    """Read what S3 writes in listings at once, and leave all else to botocore."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return parse_timestamp(value)
    return found if found.tzinfo else parse_timestamp(value)


def client_for(connection: str) -> Any:
    """Return the client of an Airflow connection; a new one once the connection was changed. Threads may share it.

    :raises AirflowNotFoundException: if there is no such connection. The hook alone would fall back on the machine's
        own credentials, and so on another bucket of that name.
    :raises FeedConfigError: if it switches off the check of certificates.
    """
    found = BaseHook.get_connection(connection)
    extra = found.extra_dejson
    for part in (extra, (extra.get("service_config") or {}).get("s3") or {}):
        require_verification(connection, part, "verify")
    said = _fingerprint(found)
    kept = _kept.get(connection)
    if kept and kept[0] == said:
        return kept[1]
    client = _Hook(aws_conn_id=connection).get_conn()
    _kept[connection] = said, client
    return client


def _fingerprint(conn: Connection) -> int:
    return hash((conn.conn_type, conn.host, conn.port, conn.schema, conn.login, conn.password, conn.extra))
