from __future__ import annotations

import time

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException
from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

from campaign_cdp.hooks.landing_zone.s3_clients import _time, client_for
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


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-24T19:58:20.123Z",
        "2026-11-24T19:58:20Z",
        "2026-11-24T20:58:20+01:00",
        "2026-11-24T19:58:20",
        "Tue, 24 Nov 2026 19:58:20 GMT",
        1795550300,
        "1795550300",
    ],
)
def test_a_time_is_what_botocore_reads(value):
    assert _time(value) == parse_timestamp(value)


def test_a_listing_is_read_without_guessing_the_format_of_its_times(airflow_connections, bucket, monkeypatch):
    for number in range(3):
        bucket.client.put_object(Bucket=bucket.name, Key=str(number), Body=b"x")

    with monkeypatch.context() as patch:
        patch.setattr("botocore.utils._parse_timestamp_with_tzinfo", None)
        listed = client_for("landing_zone_s3").list_objects_v2(Bucket=bucket.name)["Contents"]

    assert [item["Key"] for item in listed] == ["0", "1", "2"]
    assert all(abs(item["LastModified"].timestamp() - time.time()) < 60 for item in listed)
