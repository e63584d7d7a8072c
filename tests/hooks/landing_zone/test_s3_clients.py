from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException
from botocore.exceptions import ClientError

from campaign_cdp.hooks.landing_zone.s3_clients import client_for
from campaign_cdp.sandbox.s3 import landing_zone_connection
from tests.chaos.child import in_child


def test_a_connection_that_did_not_change_keeps_its_client(airflow_connections):
    assert client_for("landing_zone_s3") is client_for("landing_zone_s3")


def test_a_changed_password_is_used_at_once(airflow_connections, s3_server, bucket, monkeypatch):
    client_for("landing_zone_s3").list_objects_v2(Bucket=bucket.name)
    wrong = landing_zone_connection(s3_server.endpoint_url, s3_server.access_key, "wrong")
    monkeypatch.setenv("AIRFLOW_CONN_LANDING_ZONE_S3", wrong)

    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client_for("landing_zone_s3").list_objects_v2(Bucket=bucket.name)


def test_a_removed_connection_is_not_used_any_more(airflow_connections, monkeypatch):
    client_for("landing_zone_s3")
    monkeypatch.delenv("AIRFLOW_CONN_LANDING_ZONE_S3")

    with pytest.raises(AirflowNotFoundException):
        client_for("landing_zone_s3")


def test_a_forked_process_makes_a_client_of_its_own(airflow_connections):
    parents = client_for("landing_zone_s3")

    ended = in_child(lambda: client_for("landing_zone_s3") is parents)

    assert (ended.error, ended.value) == ("", False)
