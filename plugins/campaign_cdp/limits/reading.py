"""One limit as it was read, and what that means for a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from campaign_cdp.exceptions import LimitError
from campaign_cdp.limits.kinds import KINDS, amount


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Reading:
    """How much of a limit is used, and how much will be.

    :param limit: key in ``limits.yaml``.
    :param scope: the database, landing zone or feed that was read.
    :param used: bytes, profiles, exports, batches, rows or seconds.
    :param projected: the same once the run is done.
    :param contract: what may be used; ``None`` is only recorded.
    :param free: bytes that the storage still takes, if it says.
    """

    limit: str
    scope: str
    used: int
    projected: int
    contract: int | None
    warn_pct: float | None
    stop_pct: float | None
    free: int | None = None

    @property
    def added(self) -> int:
        """What the run brings."""
        return self.projected - self.used

    @property
    def projected_pct(self) -> float | None:
        """Percent of the contract once the run is done."""
        return None if self.contract is None else 100 * self.projected / self.contract

    @property
    def is_too_large(self) -> bool:
        """The run needs more than the storage has left, whatever the contract says."""
        return self.free is not None and self.added > self.free

    @property
    def verdict(self) -> Verdict:
        if self._is_above(self.stop_pct) or (self.is_too_large and self.stop_pct is not None):
            return Verdict.STOP
        return Verdict.WARN if self._is_above(self.warn_pct) or self.is_too_large else Verdict.OK

    @property
    def refuses(self) -> bool:
        """The run must not go on. One that adds nothing may: it could be what cleans up."""
        return self.verdict is Verdict.STOP and self.added > 0

    def describe(self) -> str:
        """Say the numbers in one sentence, without a full stop."""
        numbers = f"{amount(self.limit, self.used)} {KINDS[self.limit].word}"
        if self.added:
            numbers += f", {amount(self.limit, self.projected)} with this run"
        if self.is_too_large:
            numbers += f", only {amount(self.limit, self.free or 0)} free"
        return f"{KINDS[self.limit].label} of {self.scope}: {numbers}, {self._compared()}"

    def _compared(self) -> str:
        if self.contract is None:
            return "contract not set"
        marks = [f"{name} at {pct:g} %" for name, pct in (("warn", self.warn_pct), ("stop", self.stop_pct)) if pct]
        contract = amount(self.limit, self.contract)
        return f"contract {contract}: {self.projected_pct:.1f} % ({', '.join(marks) or 'never warns'})"

    def _is_above(self, pct: float | None) -> bool:
        return pct is not None and self.projected_pct is not None and self.projected_pct > pct


def check(readings: Iterable[Reading], *, subject: str) -> None:
    """Refuse a run that would cross a limit.

    :param subject: whose run it is, for the message.
    :raises LimitError: with every limit that is crossed.
    """
    crossed = [reading for reading in readings if reading.refuses]
    if not crossed:
        return
    count = "a limit" if len(crossed) == 1 else f"{len(crossed)} limits"
    lines = "".join(f"\n  {reading.describe()}. {_remedy(reading)}" for reading in crossed)
    raise LimitError(
        f"{subject}: this run would pass {count} of the contract. Nothing was written.{lines}\n"
        f"Then clear this task; a retry before that cannot help."
    )


def _remedy(reading: Reading) -> str:
    return f"{KINDS[reading.limit].remedy}; the limit itself is {reading.limit} in include/limits.yaml."
