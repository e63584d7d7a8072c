"""Who is in an export, line by line, and what a correct import makes of it.

The lines are computed, not stored: an audience of any size takes no memory. Their order is a fixed permutation, so that
bad lines, duplicates and leavers are spread over all parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from math import gcd
from typing import Any

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.people import AEP_COLUMNS, CITIES, PRODUCTS, People

STATUS_COLUMN = "segmentMembership.seg_namespace.seg_id.status"
QUALIFIED_AT_COLUMN = "segmentMembership.seg_namespace.seg_id.lastQualificationTime"

# Nobody has these numbers, so a bad line that slips through shows up as a new person.
_BAD_FROM = 9_000_000


class BadLine(StrEnum):
    """What is wrong with a line. The value is the code of its reject."""

    RAGGED = "ragged_line"
    EMAIL = "bad_email"
    DATE = "bad_date"
    TOO_LONG = "too_long"
    NO_KEY = "missing_value"
    STATUS = "bad_status"


@dataclass(frozen=True)
class Audience:
    """How many lines of which kind an export has. Each person has one line, but for duplicates.

    Persons are taken in this order from ``first`` on: unchanged, changed, exited; new people follow after ``known``.

    :param columns: AEP's attributes, in order; the two membership columns come after them.
    :param key: the column that identifies people.
    :param known: persons 1 to ``known`` are in the Campaign database.
    :param exited: lines with status ``exited``; their attributes are unchanged. For incremental exports only.
    :param duplicates: further, older lines of members, with other attributes.
    :param bad: number of bad lines by kind.
    :param mixed_case_every: of so many lines one has an e-mail with capitals; 0 for none.
    """

    columns: tuple[str, ...]
    key: str
    known: int
    unchanged: int = 0
    changed: int = 0
    new: int = 0
    exited: int = 0
    duplicates: int = 0
    bad: Mapping[BadLine, int] = field(default_factory=dict)
    first: int = 1
    mixed_case_every: int = 20
    people: People = field(default_factory=People)

    def __post_init__(self) -> None:
        unknown = set(self.columns) - set(AEP_COLUMNS)
        if unknown:
            raise SandboxError(f"Nobody in the sandbox has {sorted(unknown)}. The columns are {list(AEP_COLUMNS)}.")
        if self.first - 1 + self.unchanged + self.changed + self.exited > self.known:
            raise SandboxError(
                f"The audience needs more than the {self.known:,} known people. Seed more, or ask for less."
            )
        if self.duplicates > self.unchanged + self.changed + self.new:
            raise SandboxError("There are more duplicates than members.")

    @property
    def header(self) -> tuple[str, ...]:
        return *self.columns, STATUS_COLUMN, QUALIFIED_AT_COLUMN

    def lines(self, at: datetime) -> Iterator[list[str | None]]:
        """Yield the fields of every line.

        :param at: time of the export; people qualified in the day before.
        """
        total = self._ends[-1]
        step = next((s for s in range(int(total * 0.618) | 1, 2 * total + 3, 2) if gcd(s, total) == 1), 1)
        for i in range(total):
            place = i * step % total
            kind = bisect_right(self._ends, place)
            yield self._line(kind, place - (self._ends[kind - 1] if kind else 0), at)

    def truth(self) -> dict[str, Any]:
        """Return what a correct import finds.

        ``unchanged`` and ``changed`` count realized and exited people alike, after bad lines and duplicates are gone.
        """
        recased = sum(self._is_recased(self.first + i) for i in self._same_attributes)
        rejected = {kind.value: count for kind, count in self.bad.items() if count}
        return {
            "lines": self._ends[-1],
            "rejected": rejected,
            "duplicates": self.duplicates,
            "unchanged": self.unchanged + self.exited - recased,
            "changed": self.changed + recased,
            "new": self.new,
            "exited": self.exited,
        }

    @cached_property
    def _counts(self) -> list[int]:
        plain = [self.unchanged, self.changed, self.exited, self.new, self.duplicates]
        return [*plain, *(self.bad.get(kind, 0) for kind in BadLine)]

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(self._counts))

    @property
    def _same_attributes(self) -> Iterator[int]:
        yield from range(self.unchanged)
        yield from range(self.unchanged + self.changed, self.unchanged + self.changed + self.exited)

    def _is_recased(self, n: int) -> bool:
        """Campaign holds this e-mail with capitals, so an import that does not match by it writes it anew."""
        email = "personalEmail.address"
        return email in self.columns and email != self.key and self.people.has_capitals(n)

    def _line(self, kind: int, i: int, at: datetime) -> list[str | None]:
        if kind == 0:
            return self._good(self.first + i, 0, at)
        if kind == 1:
            return self._good(self.first + self.unchanged + i, 1, at)
        if kind == 2:
            return self._good(self.first + self.unchanged + self.changed + i, 0, at, "exited")
        if kind == 3:
            return self._good(self.known + 1 + i, 0, at)
        if kind == 4:
            return self._good(self._member(i), 2, at - timedelta(days=3))
        return self._bad(list(BadLine)[kind - 5], _BAD_FROM + (kind << 16) + i, i, at)

    def _member(self, i: int) -> int:
        old = self.unchanged + self.changed
        return self.first + i if i < old else self.known + 1 + i - old

    def _good(self, n: int, version: int, at: datetime, status: str = "realized") -> list[str | None]:
        person = self.people.person(n)
        if version:
            person |= _moved(person, version)
        if self.mixed_case_every and n % self.mixed_case_every == 0:
            person["personalEmail.address"] = person["personalEmail.address"].title()
        qualified = at - timedelta(seconds=n * 7919 % 86_400)
        return [*(person[column] for column in self.columns), status, f"{qualified:%Y-%m-%d %H:%M:%S}"]

    def _bad(self, kind: BadLine, n: int, i: int, at: datetime) -> list[str | None]:
        fields = self._good(n, 0, at)
        if kind is BadLine.RAGGED:
            return fields[:-2] if i % 2 else [*fields, "one too many"]
        column, value = {
            BadLine.EMAIL: ("personalEmail.address", f"person.{n}.example.com"),
            BadLine.DATE: ("person.birthDate", "1987-02-30"),
            BadLine.TOO_LONG: ("person.name.firstName", "Ann-" * 20),
            BadLine.NO_KEY: (self.key, None),
            BadLine.STATUS: (STATUS_COLUMN, "perhaps"),
        }[kind]
        if column not in self.header:
            raise SandboxError(f"A line cannot be {kind}: the export has no column {column}.")
        fields[self.header.index(column)] = value
        return fields


def _moved(person: dict[str, str], version: int) -> dict[str, str]:
    """Other attributes than Campaign has; some with quotes, so that not every changed line is a simple one."""
    city, country = CITIES[([name for name, _ in CITIES].index(person["homeAddress.city"]) + version) % len(CITIES)]
    product = PRODUCTS[(PRODUCTS.index(person["basket.lastProduct"]) + version) % len(PRODUCTS)]
    first = person["person.name.firstName"]
    nickname = f'{first} "{first[:2]}"' if person["crmId"].endswith("7") else f"{first} {version + 1}"
    return {
        "homeAddress.city": city,
        "homeAddress.countryCode": country,
        "basket.lastProduct": product,
        "person.name.firstName": nickname,
    }
