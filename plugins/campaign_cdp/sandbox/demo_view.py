"""What the demonstration shows in the terminal: steps with their time, runs as they advance, a table at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from campaign_cdp.ledger.store import Run

if TYPE_CHECKING:
    from campaign_cdp.sandbox.demo import FeedResult

#: Tasks of the Dag; the ledger has a row for the ones in the middle.
_STEPS = ("file_transfer", "data_loading", "deduplication", "reconciliation", "update_data", "end")
_COUNTS = ("parts", "rows", "inserted", "updated", "unchanged", "unmatched", "list_added", "list_removed")


class DemoView:
    """Writes to the console; without a terminal it writes plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        started = time.monotonic()
        task = self._progress.add_task(words, total=None, note="")
        yield
        self._progress.update(task, total=1, completed=1)
        self._plain(f"{words}: {time.monotonic() - started:.1f} s")

    @contextmanager
    def dag_runs(self, feeds: list[str]) -> Iterator[DagRunBoard]:
        board = DagRunBoard(self._progress, feeds)
        yield board
        for feed in feeds:
            self._plain(f"audience_import__{feed}: {board.notes[feed]}")

    def show(self, table: Table, seconds: float, report: Path) -> None:
        self._console.print()
        self._console.print(table)
        self._console.print(f"\nEvery count is what the exports hold. {seconds:.0f} s in all; report: {report}")
        self._console.print("[bold]make up[/bold] opens these runs in Airflow's UI, [bold]make down[/bold] stops it.")

    def _plain(self, words: str) -> None:
        if not self._console.is_terminal:
            self._console.print(words)


class DagRunBoard:
    """A bar for each Dag run; it advances with the steps in the ledger."""

    def __init__(self, progress: Progress, feeds: list[str]) -> None:
        self._progress = progress
        self._tasks = {
            feed: progress.add_task(f"Dag audience_import__{feed}", total=len(_STEPS), note="Airflow is starting")
            for feed in feeds
        }
        self.notes = dict.fromkeys(feeds, "did not start")

    def update(self, runs: Mapping[str, tuple[Run, Mapping[str, object]]]) -> None:
        for feed, (run, steps) in runs.items():
            if feed not in self._tasks:
                continue
            done = len(_STEPS) if run.state == "ended" else 1 + len(steps) + bool(steps)
            self.notes[feed] = "done" if run.state == "ended" else _STEPS[min(done, len(_STEPS) - 1)]
            self._progress.update(self._tasks[feed], completed=done, note=self.notes[feed])


def result_table(results: list[FeedResult]) -> Table:
    """One column per feed, so that it fits a narrow terminal."""
    table = Table(title="What the runs did")
    table.add_column("")
    for result in results:
        table.add_column(result.feed, justify="right")
    for name in _COUNTS:
        table.add_row(name.replace("_", " "), *(f"{getattr(result, name):,}" for result in results))
    table.add_section()
    for code in sorted({code for result in results for code in result.rejected}):
        table.add_row(f"rejected: {code}", *(f"{result.rejected.get(code, 0):,}" for result in results))
    table.add_section()
    table.add_row("seconds in the Dag", *(f"{result.seconds:.1f}" for result in results))
    return table
