"""Finds secrets and people in whatever was written: logs, ledger, messages, reports.

``find_leaks([folder], secrets, people)`` is all that a suite needs at its end; an empty list is what it wants.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

#: Shorter ones would be found by chance.
SHORTEST = 6
_KEY_LINE = 40
_AROUND = 60


@dataclass(frozen=True, slots=True)
class Leak:
    """One hit.

    :param what: name of the secret, or of the value of a person.
    :param form: as it was found: ``plain``, ``percent``, ``json`` or ``base64``.
    :param where: file, or name of the text.
    :param around: what is before and after it, with the value itself struck out.
    """

    what: str
    form: str
    where: str
    around: str


class Wanted:
    """Values to look for, in all forms that programs write them in.

    :param values: name -> value. Of a key of many lines, each long line counts.
    :raises ValueError: if a value is so short that it would be found by chance.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        short = [name for name, value in values.items() if len(value) < SHORTEST]
        if short:
            raise ValueError(f"too short to look for: {', '.join(short)}")
        self._needles = {needle: (name, form) for name, value in values.items() for form, needle in _forms(value)}
        # The longest first, so that a value is named by its whole form.
        ordered = sorted(self._needles, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, ordered))) if ordered else None

    def find_in(self, text: bytes, where: str) -> Iterator[Leak]:
        """Yield each value once per text, however often it is in it."""
        told: set[tuple[str, str]] = set()
        for match in self._pattern.finditer(text) if self._pattern else ():
            hit = self._needles[match[0]]
            if hit not in told:
                told.add(hit)
                yield Leak(*hit, where, _around(text, match))


def find_leaks(
    folders: Iterable[Path], secrets: Mapping[str, str], people: Mapping[str, str], *, but: Iterable[str] = ()
) -> list[Leak]:
    """Look through all files below some folders; gzip files are unpacked.

    :param folders: folders or files, each of which has to exist, with at least one file: nothing is no proof.
    :param secrets: name -> password, key or token.
    :param people: name -> value that only one person has.
    :param but: glob patterns of paths to leave out, for example ``*/pg_data/*``.
    """
    wanted, found = Wanted({**secrets, **people}), []
    for folder in folders:
        files = [folder] if folder.is_file() else [path for path in sorted(folder.rglob("*")) if path.is_file()]
        if not files:
            raise FileNotFoundError(f"{folder} has no files to look through")
        for path in files:
            if not any(path.match(pattern) for pattern in but):
                found += wanted.find_in(_content(path), str(path))
    return found


def find_leaks_in(
    texts: Mapping[str, str | bytes], secrets: Mapping[str, str], people: Mapping[str, str]
) -> list[Leak]:
    """Look through texts that are no files: name -> text."""
    wanted = Wanted({**secrets, **people})
    return [leak for name, text in texts.items() for leak in wanted.find_in(_bytes(text), name)]


def told(leaks: Iterable[Leak]) -> str:
    """Return leaks as lines for a message of a test."""
    return "\n".join(f"{leak.what} ({leak.form}) in {leak.where}: {leak.around}" for leak in leaks)


def _forms(value: str) -> Iterator[tuple[str, bytes]]:
    lines = [line for line in value.splitlines() if len(line) >= _KEY_LINE and "-----" not in line]
    for one in lines if "\n" in value else [value]:
        yield "plain", one.encode()
        for percent in {quote(one, safe=""), quote(one), quote_plus(one)} - {one}:
            yield "percent", percent.encode()
        escaped = {json.dumps(one)[1:-1], repr(one)[1:-1], one.encode("unicode_escape").decode()} - {one}
        for text in escaped:
            yield "json", text.encode()
        for encoded in _base64(one.encode()):
            yield "base64", encoded


def _base64(value: bytes) -> Iterator[bytes]:
    """The part that stays the same wherever in a longer text the value stands; three beginnings are possible."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value)
        core = encoded[(before * 8 + 5) // 6 : (before + len(value)) * 8 // 6]
        if len(core) >= SHORTEST + 2:
            yield core
            yield core.translate(bytes.maketrans(b"+/", b"-_"))


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def _bytes(text: str | bytes) -> bytes:
    return text.encode(errors="surrogateescape") if isinstance(text, str) else text


def _around(text: bytes, match: re.Match[bytes]) -> str:
    before, after = text[max(match.start() - _AROUND, 0) : match.start()], text[match.end() : match.end() + _AROUND]
    return f"{before.decode(errors='replace')}***{after.decode(errors='replace')}".replace("\n", "\\n")
