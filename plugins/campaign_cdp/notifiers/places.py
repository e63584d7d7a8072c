"""Where an alert leads to."""

from __future__ import annotations

import os

from airflow.sdk.configuration import conf

from campaign_cdp.alerts.alert import Alert
from campaign_cdp.alerts.message import Links
from campaign_cdp.error_pages import error_page
from campaign_cdp.links import PAGE


def links_of(alert: Alert) -> Links:
    """Return full addresses: of the page by ``[api] base_url``, of the documentation by ``CDP_DOCS_URL``."""
    about, docs = error_page(alert.code), _http(os.environ.get("CDP_DOCS_URL", ""))
    base = _http(str(conf.get("api", "base_url", fallback="") or ""))
    return Links(
        page=f"{base}{PAGE}{alert.path}" if base else "",
        error=(about.url or "") if about else "",
        runbook=f"{docs}/runbooks/alerts/#{alert.kind}" if docs else "",
    )


def next_step(code: str) -> str:
    """Return what the page of a code says to do first."""
    about = error_page(code)
    return about.next_step if about else "Look at the log of the task."


def _http(url: str) -> str:
    return url.rstrip("/") if url.startswith(("http://", "https://")) else ""
