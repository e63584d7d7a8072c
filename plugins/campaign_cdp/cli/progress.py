"""Progress on standard error, for people only: nothing is drawn where that is not a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def waiting(what: str, *, hidden: bool = False) -> Iterator[None]:
    """Turn a spinner while something of unknown length is done."""
    console = Console(stderr=True)
    if hidden or not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


@contextmanager
def bytes_bar(what: str, total: int, *, hidden: bool = False) -> Iterator[Callable[[int], None]]:
    """Draw a bar; call what is given with the bytes that are done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=hidden or not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
