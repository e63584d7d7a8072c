"""The cases of the corpus, as ``outcomes.csv`` lists them."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from campaign_cdp.feeds.model import AudienceFeed
from tests.corpus.build import FOLDER

TABLE: Final = Path(__file__).with_name("outcomes.csv")
_FEEDS: Final = Path(__file__).with_name("feeds.yaml")
#: What can become of a case.
OUTCOMES: Final = ("applied", "rejected", "quarantined", "refused", "waits", "ignored")
_WHOLE_THEMES: Final = frozenset({"manifests", "sets", "names"})
_MANIFEST: Final = "manifest-d-0ac8f3c0-29bd-40aa-82c1-f1b7e0657b19.json"
_RUN: Final = "0ac8f3c0-29bd-40aa-82c1-f1b7e0657b19"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case, or has to.

    :param detail: counts by reject code, code of the error, or what is missing.
    :param rows: lines that were taken.
    """

    outcome: str
    detail: str = ""
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table.

    :param feed: one of ``feeds.yaml``.
    :param value: what the line under test left in Campaign: column and value, ``-`` if nothing, empty if not looked at.
    :param then: what the next run ends with, if it is not that nothing is left to do.
    :param stored_as: name in the landing zone, if it is another; ``stored -> listed`` if the manifest spells it its own way.
    """

    name: str
    feed: str
    expected: Outcome
    value: str
    then: str
    stored_as: str
    why: str

    @property
    def theme(self) -> str:
        return self.name.split("/")[0]

    @property
    def path(self) -> Path:
        return FOLDER / self.name

    @property
    def is_about_one_part(self) -> bool:
        """Whether reading the file alone tells the outcome."""
        is_read = self.expected.outcome in {"applied", "rejected", "quarantined"}
        return is_read and self.theme not in {"manifests", "sets", "pgp"}

    def files(self) -> dict[str, bytes]:
        """What is uploaded, by key below the feed's prefix, the manifest last."""
        if self.path.is_dir():
            found = {p.relative_to(self.path).as_posix(): p.read_bytes() for p in self.path.rglob("*") if p.is_file()}
            return dict(sorted(found.items(), key=lambda item: ("manifest-" in item[0], item[0])))
        stored, _, listed = self.stored_as.partition(" -> ")
        content, key = self.path.read_bytes(), _unescaped(stored) or self.path.name
        name = _unescaped(listed) or key.rsplit("/", 1)[-1]
        return {key: content, _MANIFEST: manifest(name, len(content))}


def manifest(name: str, size: int) -> bytes:
    """What AEP writes beside a part."""
    results = [{"sinkPath": "/in", "name": name, "size": size}]
    return json.dumps({"flowRunId": _RUN, "scheduledTime": "2026-03-01T01:00:00Z", "exportResults": results}).encode()


@cache
def cases() -> tuple[Case, ...]:
    with TABLE.open(encoding="utf-8", newline="") as table:
        return tuple(_case(row) for row in csv.DictReader(table))


@cache
def sample() -> tuple[Case, ...]:
    """The cases that the test suite carries through the whole import; ``make corpus`` carries all of them.

    All that are about more than what is in one file, and of the others one of each kind.
    """
    kinds = {
        (case.theme, case.feed, case.expected.outcome, case.expected.detail.split(":")[0]): case for case in cases()
    }
    chosen = set(kinds.values())
    return tuple(case for case in cases() if case in chosen or case.theme in _WHOLE_THEMES)


def feed(case: Case, number: int, landing_zone: dict[str, Any]) -> AudienceFeed:
    """The case's own feed, so that no case knows of another."""
    variants = _variants()
    document, own = variants["plain"], variants[case.feed] if case.feed != "plain" else {}
    columns = document["columns"] | own.get("columns", {})
    zone = {**landing_zone, "prefix": prefix(number)}
    return AudienceFeed.model_validate(
        {**document, **own, "columns": columns, "id": f"corpus_{number}", "landing_zone": zone}
    )


@cache
def _variants() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(_FEEDS.read_text(encoding="utf-8"))
    return loaded


def prefix(number: int) -> str:
    return f"in/corpus_{number}/"


def _case(row: dict[str, str]) -> Case:
    expected = Outcome(row["outcome"], row["detail"], int(row["rows"]) if row["rows"] else None)
    return Case(row["case"], row["feed"], expected, row["value"], row["then"], row["stored_as"], row["why"])


def _unescaped(text: str) -> str:
    """Names are written with Python's escapes where an editor would not show them."""
    return re.sub(r"\\(?:u[0-9a-f]{4}|U[0-9a-f]{8}|x[0-9a-f]{2}|[tn\\])", lambda m: _character(m[0]), text)


def _character(escape: str) -> str:
    return escape.encode().decode("unicode_escape")
