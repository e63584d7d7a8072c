"""A stand-in for AEP's Data Prep: turns flat rows into XDM. Stricter than AEP, which drops a bad value in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaign_cdp.events.headers import header_problem
from campaign_cdp.events.xdm import PATHS

_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    :param event: XDM-shaped; ``None`` if it cannot be read.
    :param reason: short code of what is wrong.
    :param detail: the same in words.
    """

    event: dict[str, Any] | None
    reason: str | None = None
    detail: str = ""


def header_reason(header: Sequence[str], mapping: Sequence[Mapping[str, str]]) -> str | None:
    """Say what is wrong with the header of a CSV file, ``None`` if nothing is."""
    for name in header:
        if problem := header_problem(name):
            return problem
    if len(set(header)) < len(header):
        return f"a column is there twice: {sorted(name for name in set(header) if header.count(name) > 1)}"
    missing = [entry["source"] for entry in mapping if entry["source"] not in header]
    if missing or not header:
        return f"the mapping names columns that are not there: {missing}"
    return None


class RowMapper:
    """Maps the rows of one file; empty fields make no value.

    :param header: its columns, among them all that the mapping names.
    """

    def __init__(self, header: Sequence[str], mapping: Sequence[Mapping[str, str]]) -> None:
        self._width = len(header)
        self._places = [
            (header.index(entry["source"]), entry["destination"], entry["destination"].split(".")) for entry in mapping
        ]

    def row(self, fields: Sequence[str]) -> Row:
        if len(fields) != self._width:
            return Row(None, "ragged_row", f"{len(fields)} fields instead of {self._width}")
        event: dict[str, Any] = {}
        for place, path, names in self._places:
            text = fields[place]
            if not text:
                continue
            try:
                _put(event, names, _typed(path, text))
            except ValueError:
                return Row(None, "bad_value", f"{text[:40]!r} is no value of {path}")
        return Row(event)


def _typed(path: str, text: str) -> Any:
    if path.endswith(".value"):
        return float(text)
    if PATHS.get(path) is bool:
        if text not in _BOOLEANS:
            raise ValueError(text)
        return _BOOLEANS[text]
    return text


def _put(event: dict[str, Any], names: list[str], value: Any) -> None:
    for name in names[:-1]:
        event = event.setdefault(name, {})
    event[names[-1]] = value
