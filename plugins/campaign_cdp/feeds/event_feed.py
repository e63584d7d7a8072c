"""The schema of feeds with ``direction: event_export``: Campaign's logs leaving for AEP Sources."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from campaign_cdp.feeds.alerts import EventAlerts
from campaign_cdp.feeds.event_rules import broken_event_rules
from campaign_cdp.feeds.rules import BrokenRulesError
from campaign_cdp.feeds.scalars import Cron, Duration, FeedId, InstanceName, Namespace, SourceFolder
from campaign_cdp.feeds.strict import Strict
from campaign_cdp.feeds.zones import EventZone

Log = Literal["delivery", "exclusion", "tracking", "subscription"]


class LogConfig(Strict):
    """One log of the export."""

    mapping: str | None = Field(
        default=None, description="File in include/mappings, without .yaml; defaults to the log's own."
    )
    overlap: Duration | None = Field(
        default=None, description="How far a window reaches back for late rows; 1d, tracking 7d, unless set."
    )
    events: tuple[str, ...] | None = Field(default=None, description="States to export; without it all of the mapping.")


class EventParts(Strict):
    """How large a file gets, and how many tasks write at once."""

    max_rows: int = Field(default=1_000_000, ge=1, description="Rows of one file.")
    max_bytes: int = Field(default=256_000_000, ge=10_000, description="Bytes of one file before compression.")
    partitions: int = Field(default=1, ge=1, le=16, description="Tasks per log that extract side by side.")


class EventWindow(Strict):
    """Which rows a run takes."""

    first_run: Literal["now", "all"] | date = Field(
        default="now", description="Where the first run starts: now (nothing before), all, or a day (UTC)."
    )
    settle: Duration = Field(default=timedelta(minutes=1), description="Rows younger than this wait for the next run.")
    retention: Duration = Field(
        default=timedelta(days=180), description="Campaign purges its logs after this; a longer gap is an error."
    )


class EventHistorise(Strict):
    """Where published files go once AEP has had time to take them; without this block they stay."""

    prefix: SourceFolder = Field(description="Folder outside of what AEP watches.")
    after: Duration = Field(default=timedelta(days=7), description="Time that AEP gets to take them.")
    days: int = Field(default=30, ge=1, description="Days to keep them.")
    max_files: int | None = Field(default=None, ge=1, description="Files to keep.")
    max_bytes: int | None = Field(default=None, ge=1, description="Bytes to keep.")


class EventFeed(Strict):
    """Delivery events flowing from Campaign into AEP Sources."""

    id: FeedId = Field(description="Name of the feed; the file is called after it, and so is its Dag.")
    direction: Literal["event_export"] = Field(description="Which way the data flows.")
    description: str = Field(default="", description="One line for people; shown in Airflow.")
    owner: str = Field(description="Shown in Airflow; whoever answers for this feed.")
    schedule: Cron | None = Field(
        default=None, description="Cron in UTC, five fields; Adobe advises at most 6 exports a day."
    )
    campaign: str = Field(default="campaign_db", description="Airflow connection id of the Campaign database.")
    instance: InstanceName = Field(
        description="Name of the Campaign instance; part of every event's _id, so never change it."
    )
    landing_zone: EventZone = Field(description="Where AEP Sources picks files up.")
    logs: dict[Log, LogConfig] = Field(min_length=1, description="Logs to export.")
    identity: str = Field(default="account", description="Attribute of the recipient that identifies a person in AEP.")
    identity_namespace: Namespace = Field(
        default="CRMID", description="AEP's namespace of that identity (JSON lines only)."
    )
    format: Literal["csv", "jsonl", "parquet"] = Field(
        default="csv",
        description="csv needs a Data Prep mapping in AEP; jsonl is XDM-shaped; parquet is flat like csv.",
    )
    compression: Literal["gzip", "none"] = Field(
        default="gzip", description="Of the files; parquet compresses inside and has none."
    )
    pgp: str | None = Field(
        default=None, description="Airflow connection id with AEP's public key; files are then encrypted for it."
    )
    historise: EventHistorise | None = Field(
        default=None, description="Where published files go later; without it they stay."
    )
    parts: EventParts = Field(default=EventParts(), description="How large a file gets.")
    window: EventWindow = Field(default=EventWindow(), description="Which rows a run takes.")
    alerts: EventAlerts = Field(default=EventAlerts(), description="When published files are missed, and who is told.")

    @model_validator(mode="before")
    @classmethod
    def _parquet_has_none(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("format") == "parquet":
            return {"compression": "none"} | data
        return data

    @model_validator(mode="after")
    def _rules_hold(self) -> EventFeed:
        broken = tuple(broken_event_rules(self))
        if broken:
            raise BrokenRulesError(broken)
        return self
