"""What an error code means and what to do: from its page in ``docs/errors``, or else from its class."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from campaign_cdp.exceptions import FeedConfigError, LimitError, RetriableSyncError, SyncDataError, SyncError
from campaign_cdp.settings import project_dir

_TITLE: Final = re.compile(r"^# ACR-\d{3}: (.+)$", re.MULTILINE)
_WHAT_TO_DO: Final = re.compile(r"^## What to do\n+(.+?)(?=\n## |\Z)", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[([^]]+)\]\([^)]+\)")
_EMPHASIS: Final = re.compile(r"\*{1,2}([^*]+)\*{1,2}")
_BULLET: Final = re.compile(r"^\s*(\d+\.|[-*])\s+")
_STEPS: Final = (
    (FeedConfigError, "Correct the feed, the connection or the set-up, then clear the task. A retry cannot help."),
    (RetriableSyncError, "Nothing yet: Airflow retries the task. Look at the other side if it keeps failing."),
    (SyncDataError, "Look at the files and the rejects, then clear the Dag run."),
    (LimitError, "Clean up, or talk to Adobe about the contract, then clear the task."),
)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """One error code in words.

    :param next_step: the first of ``steps``.
    :param steps: what to do, in this order; text without markup.
    :param url: its page, where ``CDP_DOCS_URL`` says where the documentation is.
    """

    code: str
    title: str
    next_step: str
    steps: tuple[str, ...]
    url: str | None


def error_page(code: str) -> ErrorPage | None:
    """Return what is known of a code, ``None`` if there is no such code."""
    cls = _classes().get(code)
    if cls is None:
        return None
    text = _page(code)
    title, found = _TITLE.search(text), _WHAT_TO_DO.search(text)
    steps = tuple(_plain_steps(found[1])) if found else ()
    return ErrorPage(
        code,
        title[1] if title else (cls.__doc__ or code).split(". ")[0].strip().rstrip("."),
        steps[0] if steps else _step_of(cls),
        steps or (_step_of(cls),),
        _url(code),
    )


def _plain_steps(markdown: str) -> Iterator[str]:
    """Yield the entries of a list, or the paragraphs where there is none."""
    for entry in re.split(r"\n(?=\d+\. |[-*] )|\n\n", markdown.strip()):
        text = _EMPHASIS.sub(r"\1", _LINK.sub(r"\1", _BULLET.sub("", entry))).replace("`", "")
        if text.strip():
            yield " ".join(text.split())


def _step_of(cls: type[SyncError]) -> str:
    return next((step for base, step in _STEPS if issubclass(cls, base)), "Look at the log of the task.")


def _url(code: str) -> str | None:
    site = os.environ.get("CDP_DOCS_URL", "").rstrip("/")
    return f"{site}/errors/{code}/" if site.startswith(("http://", "https://")) else None


@cache
def _page(code: str) -> str:
    path = project_dir() / "docs" / "errors" / f"{code}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@cache
def _classes() -> dict[str, type[SyncError]]:
    return {cls.code: cls for cls in reversed([*_below(SyncError)])}


def _below(cls: type[SyncError]) -> Iterator[type[SyncError]]:
    yield cls
    for sub in cls.__subclasses__():
        yield from _below(sub)
