"""What the demonstration shows in the terminal: steps with their time, runs as they advance, a table at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from campaign_cdp.sandbox.demo_export import ExportResult
    from campaign_cdp.sandbox.demo_import import FeedResult
    from campaign_cdp.sandbox.sources import DataflowRun

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
    def dag_runs(self, dags: Sequence[str]) -> Iterator[DagRunBoard]:
        board = DagRunBoard(self._progress, dags)
        yield board
        for dag in dags:
            self._plain(f"{dag}: {board.notes[dag]}")

    def show(self, tables: Sequence[Table], seconds: float, report: Path) -> None:
        for table in tables:
            self._console.print()
            self._console.print(table)
        self._console.print(f"\nEvery count is what was sent. {seconds:.0f} s in all; report: {report}")
        self._console.print("[bold]make up[/bold] opens these runs in Airflow's UI, [bold]make down[/bold] stops it.")

    def _plain(self, words: str) -> None:
        if not self._console.is_terminal:
            self._console.print(words)


class DagRunBoard:
    """A bar for each Dag run; it advances with the steps in the ledger."""

    def __init__(self, progress: Progress, dags: Sequence[str]) -> None:
        self._progress = progress
        self._tasks = {dag: progress.add_task(f"Dag {dag}", total=None, note="waits") for dag in dags}
        self.notes = dict.fromkeys(dags, "did not start")

    def update(self, done: Mapping[str, Sequence[str]]) -> None:
        for dag, steps in done.items():
            finished = "end" in steps
            self.notes[dag] = "done" if finished else f"after {steps[-1]}" if steps else "runs"
            total = 1 if finished else None
            self._progress.update(self._tasks[dag], note=self.notes[dag], total=total, completed=int(finished))


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


def event_table(exported: list[ExportResult], taken: Mapping[str, DataflowRun]) -> Table:
    """Events by kind, and what AEP made of them."""
    table = Table(title="What left Campaign, and what AEP made of it")
    table.add_column("")
    for result in exported:
        table.add_column(result.feed, justify="right")
    for name in sorted({name for result in exported for name, count in result.events.items() if count}):
        table.add_row(name.replace("/", ": "), *(f"{result.events.get(name, 0):,}" for result in exported))
    table.add_section()
    table.add_row("files", *(f"{len(result.files):,}" for result in exported))
    table.add_row("accepted by AEP", *(f"{taken[result.feed].accepted:,}" for result in exported))
    table.add_row("rejected by AEP", *(f"{taken[result.feed].rejected:,}" for result in exported))
    table.add_row("seconds in the Dag", *(f"{result.seconds:.1f}" for result in exported))
    return table
