from __future__ import annotations

import json
from typing import Any

import pytest

from campaign_cdp.exceptions import FeedConfigError
from campaign_cdp.hooks.landing_zone.azure_blob import AzureBlobLandingZone
from campaign_cdp.hooks.landing_zone.refusals import require_verification
from campaign_cdp.hooks.landing_zone.s3_clients import client_for


@pytest.mark.parametrize(
    "extra", [{"verify": False}, {"verify": "false"}, {"service_config": {"s3": {"verify": False}}}]
)
def test_an_s3_connection_has_to_check_certificates(extra: dict[str, Any], monkeypatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_UNSAFE", json.dumps({"conn_type": "aws", "login": "a", "password": "b", "extra": extra})
    )
    with pytest.raises(FeedConfigError, match="switches off the check of certificates"):
        client_for("unsafe")


def test_an_azure_connection_has_to_check_certificates(monkeypatch) -> None:
    extra = {"connection_verify": False}
    monkeypatch.setenv(
        "AIRFLOW_CONN_UNSAFE", json.dumps({"conn_type": "wasb", "login": "a", "password": "b", "extra": extra})
    )
    with pytest.raises(FeedConfigError, match="switches off the check of certificates"):
        list(AzureBlobLandingZone("c", connection="unsafe").iter_pages(""))


@pytest.mark.parametrize(
    "extra", [{}, {"verify": True}, {"verify": "/etc/ssl/ca.pem"}, {"verify": None}, {"verify": ""}]
)
def test_anything_else_is_checked(extra: dict[str, Any]) -> None:
    require_verification("c", extra, "verify")
