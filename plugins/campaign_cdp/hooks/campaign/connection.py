"""Airflow's connection type *Adobe Campaign*: a PostgreSQL database with a form and a test of its own."""

from __future__ import annotations

from airflow.providers.postgres.hooks.postgres import PostgresHook

from campaign_cdp.exceptions import SyncError
from campaign_cdp.hooks.campaign.errors import mapped_errors
from campaign_cdp.hooks.campaign.rights import examine
from campaign_cdp.hooks.campaign.sql import open_connection

_TIMEOUT = 10


class CampaignHook(PostgresHook):
    """The database behind a connection of type ``adobe_campaign``.

    Feeds take connections of type ``postgres`` as well; these have a test that only asks whether the server answers.

    :param campaign_conn_id: id of the connection.
    """

    conn_name_attr = "campaign_conn_id"
    default_conn_name = "campaign_db"
    conn_type = "adobe_campaign"
    hook_name = "Adobe Campaign"

    def test_connection(self) -> tuple[bool, str]:  # type: ignore[override]  # the base class is not annotated
        """Say what imports and exports can do with this connection; writes nothing.

        Airflow shows the words of a failure only, so whatever is missing is one, and comes first.
        """
        try:
            with (
                mapped_errors("as entered"),
                open_connection(self.get_conn_id(), connect_timeout=_TIMEOUT) as conn,
            ):
                findings = examine(conn)
        except SyncError as err:
            return False, str(err)
        missing = [finding.text for finding in findings if not finding.ok]
        there = [finding.text for finding in findings if finding.ok]
        return not missing, "\n".join([*missing, *there])
