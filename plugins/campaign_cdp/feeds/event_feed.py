"""The schema of feeds with ``direction: event_export``: Campaign's logs leaving for AEP Sources."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from campaign_cdp.feeds.model import Duration, FeedId, Prefix, Strict

Log = Literal["delivery", "exclusion", "tracking", "subscription"]


class EventZoneConfig(Strict):
    """Where AEP Sources picks files up."""

    type: Literal["s3"] = Field(description="Kind of storage.")
    connection: str = Field(description="Airflow connection id; its secrets never appear here.")
    bucket: str = Field(description="Bucket name, without s3://.")
    prefix: Prefix = Field(description="Folder that the AEP dataflow watches, ending in /. One feed per folder.")
    staging: Prefix = Field(description="Folder outside of it, where files are written before they are published.")


class LogConfig(Strict):
    """One log of the export."""

    mapping: str | None = Field(default=None, description="File below include/mappings; defaults to the log's own.")
    overlap: Duration | None = Field(
        default=None, description="How far a window reaches back for late rows; default 1d, tracking 7d."
    )
    events: tuple[str, ...] | None = Field(default=None, description="States to export; default all of the mapping.")


class EventParts(Strict):
    """How large a file gets, and how many tasks write at once."""

    max_rows: int = Field(default=1_000_000, ge=1)
    max_bytes: int = Field(default=256_000_000, ge=10_000, description="Bytes before compression.")
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
    landing_within: Duration = Field(
        default=timedelta(minutes=10), description="Published files not seen by then fail the run."
    )


class EventFeed(Strict):
    """Delivery events flowing from Campaign into AEP Sources."""

    id: FeedId
    direction: Literal["event_export"]
    description: str = ""
    owner: str = Field(description="Shown in Airflow; whoever answers for this feed.")
    schedule: str | None = Field(default=None, description="Cron in UTC; Adobe advises at most 6 exports a day.")
    campaign: str = Field(default="campaign_db", description="Airflow connection id of the Campaign database.")
    instance: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = Field(
        description="Name of the Campaign instance; part of every event's _id, so never change it."
    )
    landing_zone: EventZoneConfig
    logs: dict[Log, LogConfig] = Field(min_length=1, description="Logs to export.")
    identity: str = Field(default="account", description="Attribute of the recipient that identifies a person in AEP.")
    identity_namespace: str = Field(default="CRMID", description="AEP's namespace of that identity (JSON lines only).")
    format: Literal["csv", "jsonl", "parquet"] = "csv"
    compression: Literal["gzip", "none"] = "gzip"
    parts: EventParts = EventParts()
    window: EventWindow = EventWindow()
    alerts: EventAlerts = EventAlerts()
