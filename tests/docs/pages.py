"""Pages of the documentation, and the anchors and links in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
#: On GitHub these are read where they lie, so their links are seen from there.
FRONT: Final = tuple(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"))
PAGES: Final = (*FRONT, *sorted(DOCS.rglob("*.md")))

_FENCE: Final = re.compile(r"^( *)(```|~~~).*?^\1\2[^\n]*$", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"`[^`\n]*`")
_LINK: Final = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_HEADING: Final = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def links(page: Path) -> list[str]:
    """Targets of links and images that are not in code."""
    return _LINK.findall(_CODE.sub("", prose(page)))


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """What a link may name behind ``#``, as GitHub and MkDocs both spell it."""
    return set(_numbered(_slug(heading) for heading in _HEADING.findall(prose(page))))


def _slug(heading: str) -> str:
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[ -]+", "-", re.sub(r"[^\w\s-]", "", words).strip())


def _numbered(slugs: Iterator[str]) -> Iterator[str]:
    """The first of equal headings keeps its name; links to the others differ between the two, so there are none."""
    yield from dict.fromkeys(slugs)
