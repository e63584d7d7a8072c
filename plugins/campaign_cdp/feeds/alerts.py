"""The ``alerts:`` block of a feed: when something is late or unusual, and who is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from campaign_cdp.feeds.rules import BrokenRulesError, FeedRuleError
from campaign_cdp.feeds.scalars import Duration, Percent, write_duration
from campaign_cdp.feeds.strict import Strict

_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")

Kind: TypeAlias = Literal["failed", "late", "rejects", "shrank", "limit_warn", "limit_stop"]


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"{value!r} is not an e-mail address; write it without a name, like ops@example.com")
    return value


def _somebody(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("names nobody; write at least one address")
    return value


def _not_all_the_time(value: timedelta) -> timedelta:
    if value < timedelta(minutes=1):
        raise ValueError(f"{write_duration(value)} is too often; write 1m or more")
    return value


Address = Annotated[str, AfterValidator(_address)]


class _Channel(Strict):
    connection: str = Field(min_length=1, description="Airflow connection id; its secrets never appear here.")
    kinds: tuple[Kind, ...] | None = Field(default=None, description="Kinds of alerts it gets; without it all.")

    def wants(self, kind: str) -> bool:
        return self.kinds is None or kind in self.kinds


class EmailChannel(_Channel):
    type: Literal["email"] = Field(description="Kind of channel.")
    # min_length would count a wrong address as none, and complain twice.
    to: Annotated[tuple[Address, ...], AfterValidator(_somebody)] = Field(
        description="Addresses of an email channel.", json_schema_extra={"minItems": 1}
    )

    @property
    def name(self) -> str:
        """The same for the same channel, without its recipients; for logs and the ledger."""
        recipients = sha256("\n".join(sorted(self.to)).encode()).hexdigest()[:8]
        return f"email:{self.connection}:{recipients}"


class SlackChannel(_Channel):
    type: Literal["slack"] = Field(description="Kind of channel.")

    @property
    def name(self) -> str:
        return f"slack:{self.connection}"


class WebhookChannel(_Channel):
    type: Literal["webhook"] = Field(description="Kind of channel.")

    @property
    def name(self) -> str:
        return f"webhook:{self.connection}"


AnyChannel: TypeAlias = EmailChannel | SlackChannel | WebhookChannel
Channel = Annotated[AnyChannel, Field(discriminator="type")]
NotifyList = Annotated[
    tuple[Channel, ...], Field(description="Channels that alerts go to; without any nobody is told.")
]
RepeatAfter = Annotated[
    Duration, AfterValidator(_not_all_the_time), Field(description="An alert that goes on is sent again after this.")
]
REPEAT_AFTER = timedelta(days=1)


def repeated_channels(channels: tuple[AnyChannel, ...], *loc: str) -> Iterator[FeedRuleError]:
    """Yield what is declared twice: each alert would be claimed by one of them, and reach it at random."""
    seen: set[str] = set()
    for number, channel in enumerate(channels):
        if channel.name in seen:
            yield FeedRuleError((*loc, number), f"repeats a channel of type {channel.type} over {channel.connection}")
        seen.add(channel.name)


class _Notifying(Strict):
    notify: NotifyList = ()
    repeat_after: RepeatAfter = REPEAT_AFTER
    done_within: Duration | None = Field(
        default=None, description="A Dag run that has not ended this long after it was queued is late; it runs on."
    )

    @model_validator(mode="after")
    def _channels_differ(self) -> _Notifying:
        if broken := tuple(repeated_channels(self.notify, "alerts", "notify")):
            raise BrokenRulesError(broken)
        return self


class Alerts(_Notifying):
    late_after: Duration = Field(
        default=timedelta(hours=6), description="A run without files by then has failed as late."
    )
    late_is: Literal["failed", "skipped"] = Field(default="failed", description="State of a run without files.")
    rejects_pct: Percent | None = Field(
        default=None, description="Percent of rejected lines above which an applied run alerts."
    )
    shrank_pct: Percent | None = Field(
        default=None, description="Percent of the list's members removed above which an applied run alerts."
    )


class EventAlerts(_Notifying):
    """When published files are missed, and who is told."""

    landing_within: Duration = Field(
        default=timedelta(minutes=10), description="Published files not seen by then fail the run."
    )
