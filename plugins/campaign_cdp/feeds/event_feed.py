"""The schema of feeds with ``direction: event_export``: Campaign's logs leaving for AEP Sources."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from campaign_cdp.feeds.event_rules import broken_event_rules
from campaign_cdp.feeds.model import Strict
from campaign_cdp.feeds.rules import BrokenRulesError
from campaign_cdp.feeds.scalars import Cron, Duration, FeedId, InstanceName, Namespace, SourceFolder

Log = Literal["delivery", "exclusion", "tracking", "subscription"]


class EventZoneConfig(Strict):
    """Where AEP Sources picks files up. Names hold only what AEP takes without escaping."""

    type: Literal["s3"] = Field(description="Kind of storage.")
    connection: str = Field(description="Airflow connection id; its secrets never appear here.")
    bucket: str = Field(description="Bucket name, without s3://.")
    prefix: SourceFolder = Field(description="Folder that the AEP dataflow watches, ending in /. One feed per folder.")
    staging: SourceFolder = Field(
        description="Folder outside of it, where files are written before they are published."
    )


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


class EventAlerts(Strict):
    """When published files are missed."""

    landing_within: Duration = Field(
        default=timedelta(minutes=10), description="Published files not seen by then fail the run."
    )


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
    landing_zone: EventZoneConfig = Field(description="Where AEP Sources picks files up.")
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
    parts: EventParts = Field(default=EventParts(), description="How large a file gets.")
    window: EventWindow = Field(default=EventWindow(), description="Which rows a run takes.")
    alerts: EventAlerts = Field(default=EventAlerts(), description="When published files are missed.")

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
