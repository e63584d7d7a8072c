"""The schema of ``include/limits.yaml``: frozen pydantic models, unknown keys forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TypeAlias

from pydantic import Field, model_validator

from campaign_cdp.feeds.alerts import REPEAT_AFTER, NotifyList, RepeatAfter, repeated_channels
from campaign_cdp.feeds.rules import BrokenRulesError, FeedRuleError
from campaign_cdp.feeds.scalars import Duration
from campaign_cdp.feeds.strict import Strict
from campaign_cdp.limits.kinds import KINDS
from campaign_cdp.limits.reading import Reading
from campaign_cdp.limits.scalars import Count, LimitPercent, Size

_WARN = "Percent of the contract above which there is a warning; null never warns."
_STOP = "Percent of the contract above which a run is refused; null never refuses."


class SizeLimit(Strict):
    """A limit in bytes."""

    contract: Size | None = Field(default=None, description="Bytes, or like 500GB or 2TB; null only records.")
    warn_pct: LimitPercent | None = Field(default=80, description=_WARN)
    stop_pct: LimitPercent | None = Field(default=95, description=_STOP)


class CountLimit(Strict):
    """A limit in exports, batches or rows."""

    contract: Count | None = Field(default=None, description="A whole number; null only records.")
    warn_pct: LimitPercent | None = Field(default=80, description=_WARN)
    stop_pct: LimitPercent | None = Field(default=100, description=_STOP)


class ProfileLimit(CountLimit):
    """Active profiles: counting them reads a year of delivery logs."""

    refresh_every: Duration = Field(
        default=timedelta(days=1), description="A count this young is not made again by the hourly Dag."
    )


class AgeLimit(Strict):
    """A limit in days, of which there is only a warning."""

    contract: Duration | None = Field(default=None, description="A time like 15d; null only records.")
    warn_pct: LimitPercent | None = Field(default=100, description=_WARN)


AnyLimit: TypeAlias = SizeLimit | CountLimit | AgeLimit


class Limits(Strict):
    """What the Campaign contract allows. A limit that is left out is only recorded."""

    sftp_storage: SizeLimit = Field(default=SizeLimit(), description="Bytes below the root of a landing zone.")
    database_storage: SizeLimit = Field(default=SizeLimit(), description="Bytes of the Campaign database.")
    active_profiles: ProfileLimit = Field(
        default=ProfileLimit(), description="Recipients that were sent a message in the last 12 months."
    )
    exports_per_day: CountLimit = Field(default=CountLimit(), description="Export windows of a Campaign per 24 hours.")
    batches_per_day: CountLimit = Field(
        default=CountLimit(), description="Export windows with events per 24 hours; AEP makes a batch of each."
    )
    rows_per_file: CountLimit = Field(default=CountLimit(), description="Rows of the largest file, either direction.")
    sftp_file_age: AgeLimit = Field(default=AgeLimit(), description="Age of the oldest file of a landing zone.")
    notify: NotifyList = ()
    repeat_after: RepeatAfter = REPEAT_AFTER

    def reading(
        self, name: str, scope: str, used: int, projected: int | None = None, *, free: int | None = None
    ) -> Reading:
        """Put what was read beside the limit.

        :param name: key of the limit.
        :param scope: the database, landing zone or feed that was read.
        :param projected: once the run is done; the same as ``used`` where no run asks.
        :param free: bytes that the storage still takes.
        """
        limit: AnyLimit = getattr(self, name)
        contract = limit.contract
        return Reading(
            limit=name,
            scope=scope,
            used=used,
            projected=used if projected is None else projected,
            contract=int(contract.total_seconds()) if isinstance(contract, timedelta) else contract,
            warn_pct=limit.warn_pct,
            stop_pct=None if isinstance(limit, AgeLimit) else limit.stop_pct,
            free=free,
        )

    def is_set(self, name: str) -> bool:
        """True if the limit has a figure to compare with."""
        return getattr(self, name).contract is not None

    @classmethod
    def none(cls) -> Limits:
        """Return limits that neither warn nor refuse."""
        never = {"warn_pct": None, "stop_pct": None}
        return cls.model_validate(
            {
                n: {k: v for k, v in never.items() if k in type(f.default).model_fields}
                for n, f in cls.model_fields.items()
                if n in KINDS
            }
        )

    @model_validator(mode="after")
    def _rules_hold(self) -> Limits:
        broken = (*self._stops_below_warning(), *repeated_channels(self.notify, "notify"))
        if broken:
            raise BrokenRulesError(broken)
        return self

    def _stops_below_warning(self) -> Iterator[FeedRuleError]:
        for name in KINDS:
            limit: AnyLimit = getattr(self, name)
            if isinstance(limit, AgeLimit) or limit.warn_pct is None or limit.stop_pct is None:
                continue
            if limit.stop_pct < limit.warn_pct:
                text = f"{limit.stop_pct:g} is below warn_pct ({limit.warn_pct:g}), so there would never be a warning"
                yield FeedRuleError((name, "stop_pct"), text)
