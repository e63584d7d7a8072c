"""The schema of ``include/feeds/*.yaml``: frozen pydantic models, unknown keys forbidden."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from campaign_cdp.attributes import RECIPIENT, Attribute, ValueType
from campaign_cdp.feeds.alerts import Alerts
from campaign_cdp.feeds.rules import BrokenRulesError, FeedRuleError, UnknownNameError, broken_rules
from campaign_cdp.feeds.scalars import AttributeName, Cron, Duration, FeedId, FunctionPath, ListName, Percent, Prefix
from campaign_cdp.feeds.strict import Strict
from campaign_cdp.feeds.zones import AudienceZone

__all__ = ["AudienceFeed", "FeedRuleError", "UnknownNameError"]


class StableFor(Strict):
    """A file set is complete when nothing in it changed for this long."""

    stable: Duration = Field(description="For how long.")


class FileFormat(Strict):
    """CSV dialect. Defaults are those of an AEP cloud-storage destination with *Double quotes* chosen."""

    delimiter: Literal[",", "\t", ";", "|", ":"] = Field(default=",", description="Between two fields.")
    quote: Literal['"', ""] = Field(default='"', description="Empty: the file has no quoting at all.")
    escape: Literal["\\", "'"] = Field(
        default="\\", description="Escapes a quote inside quotes; doubled quotes also work."
    )
    null_tokens: tuple[str, ...] = Field(default=("null", "NULL", ""), description="Spellings of 'no value'.")
    encoding: Literal["utf-8", "utf-16", "iso-8859-1", "windows-1252"] = Field(
        default="utf-8", description="Of the text; anything but utf-8 is converted while it streams."
    )
    max_uncompressed: int = Field(default=50_000_000_000, gt=0, description="Bytes; a larger part is quarantined.")
    max_ratio: int = Field(default=200, gt=1, description="Uncompressed : compressed bytes; above is a zip bomb.")


class Column(Strict):
    """One column of the file and the Campaign attribute it feeds."""

    source: str = Field(alias="from", description="Header in the file; dots and underscores are the same.")
    aliases: tuple[str, ...] = Field(default=(), description="Other headers that mean the same column.")
    type: ValueType | None = Field(default=None, description="Defaults to the attribute's type.")
    max_length: int | None = Field(default=None, ge=1, description="Characters; defaults to the attribute's length.")
    format: str | None = Field(default=None, description="Date pattern such as %d/%m/%Y; default is ISO 8601.")
    required: bool = Field(default=False, description="A line without a value here is rejected.")
    case: Literal["keep", "lower", "upper", "first_upper"] = Field(
        default="keep", description="Change the case of the value; e-mails are always lower-cased."
    )
    on_error: Literal["reject", "ignore", "default"] = Field(
        default="reject", description="Bad value: reject the line, treat as empty, or take the default."
    )
    default: str | None = Field(default=None, description="Used where the file has no value, or on_error says so.")


class Membership(Strict):
    """Columns that AEP adds about the audience; matched by pattern because their names hold ids."""

    status: str = Field(default="segmentMembership*status", description="Glob for the realized/exited column.")
    qualified_at: str = Field(
        default="segmentMembership*lastQualificationTime", description="Glob for the column that orders duplicates."
    )


class Profiles(Strict):
    """What happens to recipients."""

    mode: Literal["update_only", "insert_or_update", "none"] = Field(
        default="update_only",
        description="update_only: unknown people are left out. insert_or_update: they become recipients. "
        "none: recipients are only matched, for the list.",
    )
    empty_values: Literal["keep", "clear"] = Field(
        default="keep", description="What an empty value does to Campaign's: keep it, or clear it."
    )
    folder: str | None = Field(default=None, description="Internal name of the folder for new recipients.")


class AudienceList(Strict):
    """The Campaign list (static group) that holds the audience."""

    name: ListName = Field(description="Internal name of the list.")
    label: str | None = Field(default=None, description="Label when the list has to be created.")
    mode: Literal["mirror", "add", "remove_exited"] = Field(
        description="mirror: exactly the members of the file set. add: never removes. "
        "remove_exited: adds, and removes who has an 'exited' line."
    )


class Rejects(Strict):
    """How many rejected lines are too many. Above either limit nothing is applied."""

    max_pct: Percent = Field(default=1.0, description="Percent of lines.")
    max_count: int | None = Field(default=None, ge=0, description="Lines.")
    prefix: Prefix = Field(
        default="rejects/", description="Folder of the landing zone for the files of rejected lines."
    )


class VolumeGuard(Strict):
    """Protects the list from an export that went wrong."""

    max_removed_pct: Percent = Field(default=30.0, description="Percent of the list that one run may remove.")


class Historise(Strict):
    """Where applied files go; without this block they stay. The oldest are deleted beyond any of the limits."""

    prefix: Prefix = Field(description="Folder outside the feed's prefix.")
    days: int = Field(default=30, ge=1, description="Days to keep them.")
    max_files: int | None = Field(default=None, ge=1, description="Files to keep.")
    max_bytes: int | None = Field(default=None, ge=1, description="Bytes to keep.")


class AudienceFeed(Strict):
    """One audience flowing from Real-Time CDP into Campaign."""

    id: FeedId = Field(description="Name of the feed; the file is called after it, and so is its Dag.")
    direction: Literal["audience_import"] = Field(description="Which way the data flows.")
    description: str = Field(default="", description="One line for people; shown in Airflow.")
    owner: str = Field(description="Shown in Airflow; whoever answers for this feed.")
    schedule: Cron | None = Field(
        default=None, description="Cron in UTC, five fields; without it a run starts by hand or when files wait."
    )
    landing_zone: AudienceZone = Field(description="Where AEP writes the files.")
    campaign: str = Field(default="campaign_db", description="Airflow connection id of the Campaign database.")
    complete_when: Literal["manifest"] | StableFor = Field(
        default="manifest",
        description="manifest: every file it lists is there with its size. "
        "{stable: 2m}: nothing changed for that long.",
    )
    poll_interval: Duration = Field(default=timedelta(minutes=1), description="Between two looks, at least 5s.")
    export: Literal["full", "incremental"] = Field(
        description="full: each file set holds all members. incremental: only who changed; leavers as 'exited' lines."
    )
    file: FileFormat = Field(default=FileFormat(), description="CSV dialect and size limits.")
    pgp: str | None = Field(
        default=None, description="Airflow connection id with the private key; files may then be encrypted."
    )
    columns: dict[AttributeName, Column] = Field(
        min_length=1, description="Campaign attribute of nms:recipient: column of the file."
    )
    membership: Membership = Field(default=Membership(), description="Columns that AEP adds about the audience.")
    reconciliation_key: tuple[str, ...] | str = Field(description="One or two of the columns.")
    profiles: Profiles = Field(default=Profiles(), description="What happens to recipients.")
    list: AudienceList | None = Field(
        default=None, description="Campaign list to keep; without it only profiles change."
    )
    rejects: Rejects = Field(default=Rejects(), description="How many rejected lines are too many.")
    volume_guard: VolumeGuard = Field(default=VolumeGuard(), description="How far one run may shrink the list.")
    historise: Historise | None = Field(default=None, description="Where applied files go; without it they stay.")
    alerts: Alerts = Field(default=Alerts(), description="When a run is late, and who is told.")
    transform: FunctionPath | None = Field(
        default=None, description="module:function that takes and returns a pandas DataFrame chunk."
    )

    @property
    def key(self) -> tuple[str, ...]:
        """Attributes that make the reconciliation key."""
        return (self.reconciliation_key,) if isinstance(self.reconciliation_key, str) else self.reconciliation_key

    def attribute(self, name: str) -> Attribute:
        return RECIPIENT[name]

    def type_of(self, name: str) -> ValueType:
        """Type of a column's values: the feed's choice, else the attribute's."""
        return self.columns[name].type or RECIPIENT[name].type

    def length_of(self, name: str) -> int | None:
        """Longest value in characters: the smaller of the feed's and the attribute's limit."""
        limits = [limit for limit in (self.columns[name].max_length, RECIPIENT[name].length) if limit]
        return min(limits, default=None)

    def is_required(self, name: str) -> bool:
        return self.columns[name].required or name in self.key

    @model_validator(mode="after")
    def _rules_hold(self) -> AudienceFeed:
        broken = tuple(broken_rules(self))
        if broken:
            raise BrokenRulesError(broken)
        return self
