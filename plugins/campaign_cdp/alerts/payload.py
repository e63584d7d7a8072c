"""The JSON that a webhook gets. Its schema is generated: ``include/schemas/alert.schema.json``."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from campaign_cdp.alerts.alert import Kind, Occurrence, Severity
from campaign_cdp.alerts.message import Links
from campaign_cdp.feeds.strict import Strict

VERSION: Final = 1


class Payload(Strict):
    """One alert, or that it is over. Keys are added, never renamed, while ``version`` stays."""

    version: Literal[1] = Field(default=1, description="Of this schema.")
    dedup_key: str = Field(description="The same for an alert, its repetitions, and the message that it is over.")
    status: Literal["firing", "resolved"] = Field(description="resolved: it is over.")
    kind: Kind = Field(description="What happened.")
    severity: Severity = Field(description="error: somebody has to act. warning: look soon. info: for the record.")
    code: str = Field(description="Page in docs/errors.")
    feed: str | None = Field(description="Id of the feed; null for a limit of the contract.")
    summary: str = Field(description="One line.")
    details: str = Field(description="The message.")
    next_step: str = Field(description="What to do.")
    numbers: dict[str, int | float | str] = Field(description="What was compared with a limit.")
    dag_id: str | None = Field(description="Dag that it happened in.")
    dag_run_id: str | None = Field(description="Dag run that it happened in.")
    at: datetime = Field(description="When it was sent.")
    first_at: datetime | None = Field(description="When it began; null if the ledger could not be asked.")
    count: int = Field(ge=1, description="How often it happened since.")
    links: dict[str, str] = Field(
        description="Pages to read on: page, error, runbook; whatever is not known is left out."
    )


def payload(seen: Occurrence, links: Links) -> Payload:
    """Return what a webhook gets."""
    alert = seen.alert
    urls = {"page": links.page, "error": links.error, "runbook": links.runbook}
    return Payload(
        dedup_key=alert.dedup_key,
        status="resolved" if seen.resolved else "firing",
        kind=alert.kind,
        severity=seen.severity,
        code=alert.code,
        feed=alert.feed,
        summary=alert.what,
        details=alert.details,
        next_step=alert.next_step,
        numbers=dict(alert.numbers),
        dag_id=alert.dag_id,
        dag_run_id=alert.dag_run_id,
        at=seen.at,
        first_at=seen.first_at,
        count=seen.count,
        links={name: url for name, url in urls.items() if url},
    )
