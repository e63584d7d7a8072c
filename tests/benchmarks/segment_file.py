"""The file that the import benchmark loads, and what it does to the recipients: equal parameters, equal bytes.

Of 100 lines one is bad, two are older duplicates and 97 are distinct people: 60 % as Campaign has them, 20 % changed,
20 % new. The order of the lines has nothing to do with the order of the recipients.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from isal import igzip

from campaign_cdp.sandbox.people import People

_FORMAT: Final = 1
_SPREAD: Final = 7_368_787  # a prime: multiplying with it modulo the number of recipients reaches each of them once
_STATUS: Final = "segmentMembership.seg_namespace.seg_id.status"
_QUALIFIED_AT: Final = "segmentMembership.seg_namespace.seg_id.lastQualificationTime"
_PROFILE: Final = (
    *("personalEmail.address", "crmId", "person.name.firstName", "person.name.lastName", "person.birthDate"),
    *("mobilePhone.number", "homeAddress.city", "homeAddress.countryCode", "loyalty.tier", "consents.email.optedOut"),
)
#: Header of the part.
HEADER: Final = (*_PROFILE, _STATUS, _QUALIFIED_AT)
#: Columns of the clean files, named as in Campaign's table and the work table.
CLEAN_COLUMNS: Final = (
    *("semail", "saccount", "sfirstname", "slastname", "tsbirth", "smobilephone", "scity", "scountrycode", "stext1"),
    *("iblacklistemail", "membership_status", "qualified_at"),
)
_EMAIL, _FIRST_NAME, _BIRTH, _CITY, _TIER, _OPT_OUT, _STATUS_AT = 0, 2, 4, 6, 8, 9, 10


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of one benchmark.

    :param rows: lines of the file; a multiple of 100.
    :param recipients: recipients before the import.
    """

    rows: int
    recipients: int

    @property
    def known(self) -> int:
        """Places in the file of people that may be recipients already."""
        return self.rows // 100 * 97 * 4 // 5

    @property
    def members_before(self) -> tuple[int, int]:
        """Places of the list's members before, from and to: half of them are not in the file."""
        known = min(self.known, self.recipients)
        return known - known * 177 // 776, min(known + known * 123 // 776, self.recipients)

    def person_at(self, place: int) -> int:
        """Number of the person at a place; recipients come first, in scattered order."""
        if place < self.recipients:
            return place * _SPREAD % self.recipients + 1
        return self.recipients + 2 * self.rows + place

    @property
    def place_of_person(self) -> int:
        """Factor that turns ``number - 1`` back into the place, modulo the number of recipients."""
        return pow(_SPREAD, -1, self.recipients)


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """The generated files.

    :param part: as AEP writes it, with gzip.
    :param clean: without bad lines, not compressed; header as in Campaign. Only there if asked for.
    :param unique: like ``clean``, without the older duplicates.
    :param expected: counts that an import has to come to.
    :param size: bytes of the part before compression.
    """

    shape: Shape
    part: Path
    clean: Path
    unique: Path
    expected: dict[str, int]
    size: int


def segment_file(folder: Path, shape: Shape, *, with_clean: bool, advance: Callable[[int], None]) -> SegmentFile:
    """Return the files of a shape, generated unless they are there.

    :param advance: told how many more lines are written.
    """
    folder = folder / f"rows_{shape.rows}_of_{shape.recipients}_v{_FORMAT}"
    paths = {"part": folder / "part.csv.gz", "clean": folder / "clean.csv", "unique": folder / "unique.csv"}
    made = folder / ("made_with_clean.json" if with_clean else "made.json")
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        meta = _write(shape, paths if with_clean else {"part": paths["part"]}, advance)
        made.write_text(json.dumps(meta), encoding="utf-8")
    meta = json.loads(made.read_text(encoding="utf-8"))
    return SegmentFile(shape, **paths, expected=meta["expected"], size=meta["size"])


def _write(shape: Shape, paths: dict[str, Path], advance: Callable[[int], None]) -> dict[str, object]:
    lines, size = _Lines(shape), 0
    with ExitStack() as stack:
        part = stack.enter_context(igzip.open(paths["part"], "wb", compresslevel=1))
        clean = [stack.enter_context(path.open("wb")) for name, path in paths.items() if name != "part"]
        size += part.write((",".join(HEADER) + "\n").encode())
        for out in clean:
            out.write((",".join(CLEAN_COLUMNS) + "\n").encode())
        for block in lines.blocks():
            size += part.write("".join(block).encode())
            if clean:
                clean[0].write("".join(block[1:]).encode())
                clean[1].write("".join([*block[2:98], block[99]]).encode())
            advance(len(block))
    return {"expected": dict(lines.expected), "size": size, **asdict(shape)}


class _Lines:
    """Makes lines, 100 at a time, and counts what they will do.

    In a block, line 0 is bad, 1 is the older duplicate of 50 and 98 of 10.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape, self.people = shape, People()
        self.first_member, self.last_member = shape.members_before
        self.expected = Counter(rows=shape.rows, list_before=self.last_member - self.first_member)

    def blocks(self) -> Iterator[list[str]]:
        for number in range(self.shape.rows // 100):
            distinct = [self._distinct(number * 97 + i) for i in range(97)]
            fields = self._bad(number)
            lines = [",".join(row) + "\n" for row in (fields, *distinct)]
            yield [lines[0], _older(distinct[48]), *lines[1:97], _older(distinct[8]), lines[97]]
            self.expected["rejected"] += 1
            self.expected["duplicates"] += 2
        kept = self.expected["list_before"] - self.expected["stay"]
        self.expected["list_added"], self.expected["list_removed"] = (
            self.expected["realized"] - self.expected["stay"],
            kept,
        )

    def _distinct(self, n: int) -> list[str]:
        group, kind = divmod(n, 5)
        if kind == 4:
            return self._new(self.shape.recipients + 1 + group, n)
        place = group * 4 + kind
        person = self.shape.person_at(place)
        if place >= self.shape.recipients:
            return self._new(person, n)
        row = self._row(person, "exited" if place % 8 == place // 8 % 8 else "realized", n)
        if kind == 3:
            row[_CITY], row[_TIER] = "Neustadt", "platinum"
        self._count("updated" if kind == 3 else "unchanged", row, place)
        return row

    def _new(self, person: int, n: int) -> list[str]:
        row = self._row(person, "realized", n)
        self._count("inserted", row, None)
        return row

    def _count(self, outcome: str, row: list[str], place: int | None) -> None:
        counts = self.expected
        counts[outcome] += 1
        if row[_STATUS_AT] == "realized":
            counts["realized"] += 1
            counts["stay"] += place is not None and self.first_member <= place < self.last_member

    def _row(self, person: int, status: str, n: int) -> list[str]:
        values = self.people.person(person)
        moment = f"2026-01-{1 + n % 28:02} {n // 28 % 24:02}:{n // 7 % 60:02}:{n % 60:02}"
        return [*(values[name] for name in _PROFILE), status, moment]

    def _bad(self, number: int) -> list[str]:
        row = self._row(self.shape.recipients + 4 * self.shape.rows + number, "realized", number)
        if number % 20 == 0:
            return row[:-1] if number % 40 else [*row, "one too many"]
        column, value = _FAULTS[number % len(_FAULTS)]
        row[column] = value
        return row


_FAULTS: Final = (
    (_EMAIL, "nobody at example.com"),
    (_EMAIL, ""),
    (_BIRTH, "2001-02-30"),
    (_OPT_OUT, "maybe"),
    (_FIRST_NAME, "Maximiliana Wilhelmina Friederike Charlotte"),
    (_STATUS_AT, "pending"),
)


def _older(row: list[str]) -> str:
    return ",".join([*row[:_TIER], "none", row[_OPT_OUT], "realized", "2025-06-30 12:00:00"]) + "\n"
